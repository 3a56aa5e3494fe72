"""Sessions of the app's module in a sandbox that serves one visitor after the other."""

from fastly_compute import requests
from fastly_compute.http import IncomingRequest, Response, Reuse, service

session = requests.Session()
session.cookies.set("app", "1")

service_account = requests.Session()
service_account.keep_cookies = True

served: list[str] = []


def handle(request: IncomingRequest) -> Response:
    """Log in as the visitor that is named, and tell what was sent before and after."""
    visitor = request.query["visitor"][0]
    origin = request.query["origin"][0]
    found = {}
    for name, used in (("session", session), ("service_account", service_account)):
        before = used.cookies.get_dict()
        used.get(f"{origin}/in", params={"set-cookie": f"visitor={visitor}; Path=/"})
        # A redirect that sets one as well.
        used.get(f"{origin}/in", params={"set-cookie": f"way={visitor}; Path=/", "to": "/cookies"})
        sent = used.send_async(
            used.prepare_request(requests.Request("GET", f"{origin}/cookies"))
        ).wait()
        found[name] = [before, sent.text]
    function = requests.get(f"{origin}/cookies").text
    served.append(visitor)
    return Response.json({**found, "function": function, "served": served})


HttpIncoming = service(handle, reuse=Reuse())
