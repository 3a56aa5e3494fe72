"""A redirect by country: the home page leads to a shop, unless the visitor has chosen one."""

from datetime import timedelta

from fastly_compute import geo
from fastly_compute.http import IncomingRequest, Response, service

# The only targets there are: nothing that a client sends becomes a part of a Location header.
SHOPS = {"de": "/de/", "en": "/en/", "no": "/no/"}
BY_COUNTRY = {"AT": "de", "CH": "de", "DE": "de", "NO": "no"}
DEFAULT = "en"
COOKIE = "__Host-shop"
LIFETIME = timedelta(days=365)


def guess(address: str | None) -> str:
    """Return the shop of the client's country."""
    try:
        found = geo.lookup(address) if address else None
    except geo.GeoError as error:
        print(error)
        found = None
    country = found.country_code if found else None
    return BY_COUNTRY.get((country or "").upper(), DEFAULT)


def redirect(shop: str) -> Response:
    # Stored by no cache: the next visitor may come from another country.
    return Response.redirect(SHOPS[shop], 302, headers={"Cache-Control": "private, no-store"})


def handle(request: IncomingRequest) -> Response:
    if request.path == "/":
        chosen = request.cookies.get(COOKIE)
        return redirect(chosen if chosen in SHOPS else guess(request.client_address))
    if request.path == "/choose":
        shop = request.query.get("shop", [""])[0]
        if shop not in SHOPS:
            return Response.text("unknown shop\n", status=400)
        response = redirect(shop)
        response.set_cookie(COOKIE, shop, max_age=LIFETIME)
        return response
    if request.path in SHOPS.values():
        return Response.text(f"The shop {request.path}\n")
    return Response.text("unknown page\n", status=404)


HttpIncoming = service(handle)
