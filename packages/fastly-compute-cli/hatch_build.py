"""Ship the starter kits of `fastly-compute new`, which are examples of the repository."""

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

COMMANDS = "src/fastly_compute/cli/commands"


class Kits(BuildHookInterface[Any]):
    """Add the files of the kits to a wheel or source distribution."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add them, except to an editable install, and where a source distribution has them."""
        commands = Path(self.root, COMMANDS)
        if version == "editable" or (commands / "templates").is_dir():
            return
        examples = Path(self.root).parent.parent / "examples"
        folder = COMMANDS if self.target_name == "sdist" else COMMANDS.removeprefix("src/")
        for kit in runpy.run_path(str(commands / "kits.py"))["KITS"].values():
            for file in kit.files:
                target = f"{folder}/templates/{kit.example}/{file}"
                build_data["force_include"][str(examples / kit.example / file)] = target
