"""Check the branch coverage of each guest package against its floor, after `coverage combine`."""

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

# The minimum percentage of lines and branches that the tests of all guest packages reach on the
# native host. Raise a floor when a package exceeds it by a point: property tests take other paths
# in each run.
FLOORS = {
    "acl": 99,
    "backend": 99,
    "cache": 99,
    "config_store": 99,
    "core": 99,
    "device_detection": 99,
    "erl": 99,
    "fanout": 98,
    "geo": 99,
    "http": 98,
    "kv_store": 98,
    "log": 99,
    "requests": 96,
    "runtime": 99,
    "shielding": 99,
    "security": 99,
    "image_optimizer": 99,
    "httpx": 97,
    "urllib3": 92,
    "secret_store": 98,
    "wsgi": 99,
    "asgi": 97,
}


def measured() -> dict[str, float]:
    """Return the percentage of each package."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "coverage.json")
        command = [sys.executable, "-m", "coverage", "json", "--quiet", "-o", str(report)]
        subprocess.run(command, check=True)
        files = json.loads(report.read_text(encoding="utf-8"))["files"]
    covered: dict[str, int] = defaultdict(int)
    existing: dict[str, int] = defaultdict(int)
    for path, data in files.items():
        package = Path(path).as_posix().partition("/src/fastly_compute/")[2].partition("/")[0]
        summary = data["summary"]
        covered[package] += summary["covered_lines"] + summary["covered_branches"]
        existing[package] += summary["num_statements"] + summary["num_branches"]
        if package in FLOORS and data["missing_lines"] + data["missing_branches"]:
            print(f"{path}: lines {data['missing_lines']}, branches {data['missing_branches']}")
    return {package: 100 * covered[package] / existing[package] for package in sorted(covered)}


def main() -> int:
    """Print the percentages, and return how many are below their floor."""
    found = measured()
    low = [package for package, floor in FLOORS.items() if found.get(package, 0) < floor]
    for package, percent in found.items():
        floor = FLOORS.get(package, "no")
        print(f"{package}: {percent:.2f} % ({floor} floor)")
    if low:
        print(f"below the floor: {', '.join(low)}")
    return len(low)


if __name__ == "__main__":
    sys.exit(main())
