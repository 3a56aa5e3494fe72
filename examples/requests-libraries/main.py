"""Three libraries that were written for `requests`, on a backend."""

from typing import TypeVar

from fastly_compute import requests
from fastly_compute.http import IncomingRequest, Response, service

# The libraries below import `requests`: from here on, they get this one.
requests.install()

import googlemaps  # noqa: E402
import prawcore  # noqa: E402
from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error  # noqa: E402
from requests_oauthlib import OAuth1Session, OAuth2Session  # noqa: E402

API = "https://api.example"
KEY = "AIza-for-this-machine-only"
CLIENT = ("client", "for this machine only")


Session = TypeVar("Session", bound=requests.Session)


def mounted(session: Session) -> Session:
    """Have a session's requests go to the backend `origin`, whose timeouts are its own."""
    session.mount("https://", requests.BackendAdapter("origin", ignore_timeout=True))
    return session


def signed(name: str) -> object:
    """requests-oauthlib: a session that signs what it sends (RFC 5849)."""
    session = mounted(OAuth1Session("client", client_secret=CLIENT[1], resource_owner_key="owner"))
    return session.post(f"{API}/signed", data={"name": name}).json()


def with_token(name: str) -> object:
    """requests-oauthlib: a session that gets itself a token (RFC 6749, section 4.4)."""
    session = mounted(OAuth2Session(client=BackendApplicationClient("client")))
    session.fetch_token(f"{API}/token", client_secret=CLIENT[1])
    return session.get(f"{API}/with-token", params={"name": name}).json()


def geocoded(name: str) -> object:
    """googlemaps: a client that takes a session."""
    session = mounted(requests.Session())
    client = googlemaps.Client(key=KEY, requests_session=session, base_url=API, timeout=5)
    return client.geocode(name)


def listed(name: str) -> object:
    """prawcore: what stands under praw, and takes a session."""
    requestor = prawcore.Requestor(
        oauth_url=API,
        reddit_url=API,
        session=mounted(requests.Session()),
        user_agent="edge example 1.0",
    )
    authenticator = prawcore.TrustedAuthenticator(
        client_id="client", client_secret=CLIENT[1], requestor=requestor
    )
    authorizer = prawcore.ReadOnlyAuthorizer(authenticator=authenticator)
    authorizer.refresh()
    with prawcore.session(authorizer=authorizer) as session:
        return session.request(method="GET", path="/listed", params={"name": name})


FAILURES = (
    requests.RequestException,
    googlemaps.exceptions.ApiError,
    googlemaps.exceptions.HTTPError,
    googlemaps.exceptions.Timeout,
    googlemaps.exceptions.TransportError,
    OAuth2Error,
    prawcore.PrawcoreException,
)
PAGES = {"/signed": signed, "/with-token": with_token, "/geocoded": geocoded, "/listed": listed}


def handle(request: IncomingRequest) -> Response:
    page = PAGES.get(request.path)
    if page is None:
        return Response.text(f"there are {', '.join(PAGES)}", status=404)
    try:
        return Response.json(page(request.query.get("name", ["Oslo"])[0]))
    except FAILURES as error:
        print(f"{request.path}: {error}")
        return Response.text("the origin cannot be reached", status=502)


HttpIncoming = service(handle)
