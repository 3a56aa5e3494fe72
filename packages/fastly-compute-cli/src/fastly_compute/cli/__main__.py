"""``python -m fastly_compute.cli`` is the command ``fastly-compute``."""

from fastly_compute.cli import main

main(prog_name="fastly-compute")
