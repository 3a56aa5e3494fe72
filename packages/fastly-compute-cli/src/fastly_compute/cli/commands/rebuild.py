"""Builds an app again and again: what stays the same between two edits is done once."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fastly_compute.cli.commands.build import build
from fastly_compute.cli.project.settings import Project

if TYPE_CHECKING:
    from fastly_compute.cli.component.base import BackgroundBase, Base


class Rebuilding:
    """Builds an app from a base, as soon as there is one.

    The first build on a machine is one by componentize-py. Then a base is made, while the app is
    served, for the builds that follow: also those of other apps, and of later runs.

    Args:
        project: The app.
        watch: Whether there will be more builds than one; if not, no base is used or made.
    """

    def __init__(self, project: Project, *, watch: bool) -> None:
        self._project = project
        self._watch = watch
        self._base: Base | None = None
        self._making: BackgroundBase | None = None

    def build(self) -> Path:
        """Build the app, and return the component.

        Raises:
            CliError: It cannot be built.
        """
        if not self._watch:
            return build(self._project).output
        # Not at the top: other commands need none of it.
        from fastly_compute.cli.component.base import BackgroundBase, find_base

        if self._base is None:
            self._base = find_base()
        failure = self._making.failure() if self._making is not None else None
        if failure is not None:
            click.echo(
                f"warning: preparing for faster reloads failed: {failure}. Each reload takes as "
                "long as a build.",
                err=True,
            )
        try:
            return build(self._project, self._base).output
        finally:
            if self._base is None and self._making is None:
                self._making = BackgroundBase()

    def close(self) -> None:
        """Stop making a base."""
        if self._making is not None:
            self._making.close()
