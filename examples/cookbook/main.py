"""All recipes in one app: the first label of the host name, as in gateway.example, chooses one."""

import ab_cookie
import country_redirect
import fan_in
import gateway
import graphql_cache
import html_rewriting
import image_links
import jwt_check
import maintenance
import mtls_origin
import rate_limit
import server_sent_events
import stale_if_error

from fastly_compute.http import IncomingRequest, Response, service

RECIPES = {
    "ab-cookie": ab_cookie.handle,
    "country-redirect": country_redirect.handle,
    "fan-in": fan_in.handle,
    "gateway": gateway.handle,
    "graphql-cache": graphql_cache.handle,
    "html-rewriting": html_rewriting.handle,
    "image-links": image_links.handle,
    "jwt-check": jwt_check.handle,
    "maintenance": maintenance.handle,
    "mtls-origin": mtls_origin.handle,
    "rate-limit": rate_limit.handle,
    "server-sent-events": server_sent_events.handle,
    "stale-if-error": stale_if_error.handle,
}


def handle(request: IncomingRequest) -> Response:
    recipe = RECIPES.get(request.host.partition(".")[0])
    if recipe is None:
        return Response.text(f"the recipes are {', '.join(RECIPES)}\n", status=404)
    return recipe(request)


HttpIncoming = service(handle)
