"""Reports errors to Sentry, with its own SDK."""

import sentry_sdk
import urllib3
from sentry_sdk.consts import VERSION, EndpointType
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport
from sentry_sdk.utils import Dsn

from fastly_compute.secret_store import SecretStore

RELEASE = "object-storage@0.1.0"
pool = urllib3.PoolManager(timeout=urllib3.Timeout(connect=1, read=3), retries=False)


class InlineTransport(Transport):
    """Sends each event at once: a sandbox has no thread that could send it later.

    The DSN is read then, so that it is not part of the component.
    """

    def capture_envelope(self, envelope: Envelope) -> None:
        with SecretStore.open("sentry") as store:
            auth = Dsn(store["dsn"].text()).to_auth(f"sentry.python/{VERSION}")
        url = auth.get_api_url(EndpointType.ENVELOPE)
        headers = {
            "Content-Type": "application/x-sentry-envelope",
            "X-Sentry-Auth": auth.to_header(),
        }
        try:
            answer = pool.request("POST", url, body=envelope.serialize(), headers=headers)
        except urllib3.exceptions.HTTPError as error:
            print(f"an error was not reported to Sentry: {type(error).__name__}")
        else:
            if answer.status >= 300:
                print(f"an error was not reported to Sentry, which answered {answer.status}")


# In the component, so that no request has to set it up.
sentry_sdk.init(
    transport=InlineTransport(),
    release=RELEASE,
    # Those of all frameworks that are installed here would become part of the component.
    auto_enabling_integrations=False,
    auto_session_tracking=False,
    # Else the SDK adds its headers to each request, to whichever server.
    trace_propagation_targets=[],
)
