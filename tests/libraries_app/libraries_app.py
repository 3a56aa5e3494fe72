"""The example object-storage, and beside its pages one call of each of some other libraries.

`PUT /stripe` and the others have the URL of the server to call as their body.
"""

import json
import os
import urllib.request
from pathlib import Path

# As with any client of boto3, this is read when the client is made.
os.environ["AWS_CA_BUNDLE"] = str(Path(__file__).parent / "static/ca.pem")

import cases
import codings  # noqa: F401 - adds its cases
import generated  # noqa: F401 - adds its cases
import locations  # noqa: F401 - adds its cases
import main
import requests
import stripe
from elasticsearch import Elasticsearch
from twilio.rest import Client as Twilio

from fastly_compute.http import IncomingRequest, Response, service
from fastly_compute.urllib3 import inject_into_http_client

inject_into_http_client()
stripe.enable_telemetry = False  # it looks for a file in the home directory, and a sandbox has none


def call_stripe(url: str) -> object:
    client = stripe.StripeClient("sk_test_edge", base_addresses={"api": url})
    intent = client.v1.payment_intents.create({"amount": 700, "currency": "eur"})
    return [intent.id, intent.amount, intent.status]


def call_twilio(url: str) -> object:
    client = Twilio("AC1", "a token")
    client.api.base_url = url
    sent = client.messages.create(to="+4791", from_="+4792", body="hello")
    return [sent.sid, sent.status, sent.body]


def call_elasticsearch(url: str) -> object:
    client = Elasticsearch(url, api_key="a key")
    return client.index(index="notes", id="1", document={"text": "hello"}).body


def call_urlopen(url: str) -> object:
    asked = urllib.request.Request(f"{url}/notes/_doc/1", b"{}", {"Accept": "text/x"}, method="PUT")
    with urllib.request.urlopen(asked) as response:
        return [response.status, response.headers["Content-Type"], json.load(response)["result"]]


def run_cases(asked: str) -> object:
    """Run cases of tests/differential with the real `requests`."""
    return [cases.outcome(requests, *arguments) for arguments in json.loads(asked)]


CALLS = {
    "/stripe": call_stripe,
    "/twilio": call_twilio,
    "/elasticsearch": call_elasticsearch,
    "/urlopen": call_urlopen,
    "/cases": run_cases,
}


def handle(request: IncomingRequest) -> Response:
    call = CALLS.get(request.path)
    if call is None:
        return main.handle(request)
    return Response.json(call(request.body.read().decode()))


HttpIncoming = service(handle)
