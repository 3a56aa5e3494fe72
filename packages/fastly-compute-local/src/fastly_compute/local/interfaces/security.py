"""`fastly:compute/security`: the verdict of the Next-Gen WAF, which allows everything here."""

import json

from componentize_py_types import Err
from wit_world.imports.security import InspectOptions
from wit_world.imports.types import Error_InvalidArgument

from fastly_compute.local.interfaces.buffers import fit
from fastly_compute.local.interfaces.http_body import Body
from fastly_compute.local.interfaces.http_req import Request

_VERDICT = {
    "waf_response": 200,
    "redirect_url": "",
    "tags": [],
    "verdict": "allow",
    "decision_ms": 0,
}


def inspect(request: Request, body: Body, options: InspectOptions, max_len: int) -> str:
    """Return the verdict as JSON, the same for every request."""
    # Fastly currently identifies the inspector by these two names.
    if not options.corp or not options.workspace:
        raise Err(Error_InvalidArgument())
    return fit(json.dumps(_VERDICT, separators=(",", ":")), max_len)
