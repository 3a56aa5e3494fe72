"""`fastly:compute/security`: the verdict of the Next-Gen WAF, which lets all pass by default."""

import json

from componentize_py_types import Err
from wit_world.imports.security import InspectOptions
from wit_world.imports.types import Error_InvalidArgument

from fastly_compute.local.interfaces.buffers import fit
from fastly_compute.local.interfaces.http_body import Body
from fastly_compute.local.interfaces.http_req import Request
from fastly_compute.local.runtime.sandbox import running


def inspect(request: Request, body: Body, options: InspectOptions, max_len: int) -> str:
    """Return the configured verdict, the same for every request, as JSON."""
    # Fastly finds the inspector by these two names, so far.
    if not options.corp or not options.workspace:
        raise Err(Error_InvalidArgument())
    configured = running().host.config.waf_verdict
    verdict = {
        "waf_response": configured.status,
        "redirect_url": configured.redirect_url,
        "tags": [*configured.tags],
        "verdict": configured.verdict,
        "decision_ms": configured.decision_ms,
    }
    return fit(json.dumps(verdict, separators=(",", ":")), max_len)
