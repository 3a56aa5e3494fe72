import pytest

from fastly_compute.core import is_sensitive, redact

SENSITIVE = [
    *["Authorization", "PROXY-AUTHORIZATION", "cookie", "Set-Cookie", "Set-Cookie2", "Fastly-Key"],
    *["X-Api-Key", "X-ApiKey", "api_key", "X-Auth", "X-Auth-Token", "X-Amz-Security-Token"],
    *["X-CSRF-Token", "Grip-Sig", "X-Hub-Signature-256", "Signature", "X-Session-Id", "X-Secret"],
    *["X-Vault-Token", "Private-Token", "X-Password", "X-Goog-Iap-Jwt-Assertion", "CF-Access-Jwt"],
]
PUBLIC = [
    *["Accept", "Host", "Content-Type", "ETag", "Keep-Alive", "Surrogate-Key", "User-Agent"],
    *["Sec-WebSocket-Key", "WWW-Authenticate", "Author", "X-Monkey", "Cache-Control"],
]


@pytest.mark.parametrize("name", SENSITIVE)
def test_a_field_with_a_credential_is_masked(name):
    assert is_sensitive(name)
    assert redact(name, "content") == "***"


@pytest.mark.parametrize("name", PUBLIC)
def test_another_field_is_shown(name):
    assert not is_sensitive(name)
    assert redact(name, "content") == "content"
