"""Numbers that come by chance, from all that was made while the app was imported."""

import random
import secrets
import tempfile
import uuid

from fastly_compute.http import IncomingRequest, Response, service

own = random.Random()
seeded = random.Random(42)
seeded_later = random.Random()
seeded_later.seed(42)
names = tempfile._get_candidate_names()
next(names)
random.random()


def handle(request: IncomingRequest) -> Response:
    return Response.json(
        {
            "random": random.random(),
            "own": own.random(),
            "new": random.Random().random(),
            "tempfile": next(names),
            "uuid4": str(uuid.uuid4()),
            "secrets": secrets.token_hex(),
            "seeded": seeded.random(),
            "seeded_later": seeded_later.random(),
        }
    )


HttpIncoming = service(handle)
