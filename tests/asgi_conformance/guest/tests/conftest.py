import functools

import pytest
from starlette.testclient import TestClient


@pytest.fixture
def test_client_factory(anyio_backend_name, anyio_backend_options):
    """Make clients as the fixture of the same name in Starlette's tests does."""
    options = {"backend": anyio_backend_name, "backend_options": anyio_backend_options}
    return functools.partial(TestClient, **options)
