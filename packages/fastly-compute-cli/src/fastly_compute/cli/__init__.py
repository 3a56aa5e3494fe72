"""The command ``fastly-compute``: make an app, build it, serve it, pack it."""

from fastly_compute.cli.commands.command_line import main

__all__ = ["main"]
