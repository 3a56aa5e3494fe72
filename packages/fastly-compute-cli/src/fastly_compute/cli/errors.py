"""The error that ends a command."""

from typing import IO, Any

import click


class CliError(click.ClickException):
    """An error that the user sees as one line before the command ends with exit code 1.

    Args:
        message: What was tried, on what, and what to do next.
        details: What belongs before it, such as the traceback of the user's own code.

    Example:
        >>> CliError("fastly.toml: name is missing").exit_code
        1
    """

    exit_code = 1

    def __init__(self, message: str, *, details: str = "") -> None:
        super().__init__(message)
        self.details = details

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the details and the message to the standard error."""
        if self.details:
            click.echo(self.details.rstrip("\n"), file=file, err=True)
        super().show(file)
