"""Serves the app with a real Pushpin instead of Fanout, until Ctrl-C."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).parent
SECONDS_TO_END = 10

PUSHPIN = """\
[global]
include=/usr/lib/pushpin/internal.conf
rundir={folder}
ipc_prefix=pushpin-

[runner]
services=condure,zurl,pushpin-proxy,pushpin-handler
http_port=127.0.0.1:{pushpin_port}
logdir={folder}
client_buffer_size=8192
client_maxconn=10000

[proxy]
routesfile=routes
accept_pushpin_route=true
sig_iss=pushpin
sig_key={key}
zurl_out_specs=ipc://{folder}/pushpin-zurl-in
zurl_out_stream_specs=ipc://{folder}/pushpin-zurl-in-stream
zurl_in_specs=ipc://{folder}/pushpin-zurl-out

[handler]
push_in_spec=ipc://{folder}/push-in
push_in_sub_specs=ipc://{folder}/push-in-sub
push_in_http_addr=127.0.0.1
push_in_http_port={publish_port}
stats_spec=ipc://{folder}/stats
command_spec=ipc://{folder}/command
message_rate=2500
message_hwm=25000
"""

# Each has its own condition; the app's handoff says which one it wants.
ROUTES = """\
*,id=self {app},over_http
origin.invalid,id=origin {origin}
"""


def configure(folder: Path, options: argparse.Namespace) -> None:
    """Write what Pushpin is to do."""
    local = tomllib.loads((HERE / "fastly.toml").read_text())["local_server"]
    origin = urlsplit(local["backends"]["origin"]["url"])
    tls = ",ssl" if origin.scheme == "https" else ""
    (secret,) = local["secret_stores"]["fanout"]
    values = {**vars(options), "folder": folder, "key": secret["data"]}
    (folder / "pushpin.conf").write_text(PUSHPIN.format(**values))
    routes = ROUTES.format(app=options.addr, origin=f"{origin.hostname}:{origin.port or 80}{tls}")
    (folder / "routes").write_text(routes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runtime", choices=["viceroy", "wasm", "native"], default="viceroy")
    parser.add_argument("--addr", default="127.0.0.1:7676", help="where the app listens")
    parser.add_argument("--pushpin-port", type=int, default=7999)
    parser.add_argument("--publish-port", type=int, default=5561)
    options = parser.parse_args()
    if shutil.which("pushpin") is None:
        sys.exit("Pushpin is not on the path: run `apt-get install pushpin`, or see pushpin.org")
    folder = Path(tempfile.mkdtemp(prefix="fanout-"))
    configure(folder, options)
    serve = [sys.executable, "-m", "fastly_compute.cli", "serve", "--runtime", options.runtime]
    serve += ["--addr", options.addr, "--local-pushpin-proxy-port", str(options.pushpin_port)]
    commands = [
        ["pushpin", "--merge-output", f"--config={folder}/pushpin.conf"],
        serve,
    ]
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Each in a separate session: Ctrl-C is for this script, which ends them in order.
    running = [
        subprocess.Popen(command, cwd=HERE, start_new_session=True)  # noqa: S603 - as they stand here
        for command in commands
    ]
    print(f"Publish to http://127.0.0.1:{options.publish_port}/publish/", flush=True)
    try:
        os.wait()  # for either of them
    except KeyboardInterrupt:
        pass
    finally:
        for process in reversed(running):
            process.terminate()
            try:
                process.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
