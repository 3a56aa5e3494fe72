"""Print the tables of docs/benchmarks.md on other SDKs: `hatch run benchmarks:peers`.

With names of tools, such as `ours bare`, only what these build is measured.
"""

import sys
import tempfile
from pathlib import Path

from benchmarks.peers.building import FRAMEWORKS, TOOLS, build
from benchmarks.peers.running import TASKS, UPLOAD, measure

ROUNDS = 5
HELLO_ALONE = {"bare handler", "ours, WSGI"}
SMALL_ALONE = {"bare handler, reuse", "ours, requests, reuse"}
MEGABYTES = {"large": 10.48576, "through": 10.48576, "upload": len(UPLOAD) / 1e6}
# The comparisons: the task, this SDK, the other one, and the maximum ratio of times.
TARGETS = [
    ("hello", "ours, WSGI", "bare handler", 1.15),
    ("hello", "ours, WSGI", "upstream", 1),
    ("hello", "ours, reuse", "JavaScript, reuse", 0.7),
    ("hello", "ours, Flask", "upstream, Flask", 0.5),
    *(("hello", f"ours, {name}, reuse", "ours, reuse", 1.5) for name in FRAMEWORKS),
    ("small", "ours, reuse", "bare handler, reuse", 1.15),
    ("small", "ours, requests, reuse", "bare handler, reuse", 1.3),
    ("large", "ours", "JavaScript", 1),
    ("large", "ours, reuse", "JavaScript, reuse", 1),
    ("upload", "ours", "JavaScript", 1),
    ("upload", "ours, reuse", "JavaScript, reuse", 1),
    ("through", "ours", "Go", 1),
    ("through", "ours, reuse", "Go, reuse", 1),
    ("through", "ours", "JavaScript", 0.5),
    ("through", "ours, reuse", "JavaScript, reuse", 0.5),
]


def wanted(peer: str, task: str) -> bool:
    """Return whether a peer implements a task."""
    if peer in SMALL_ALONE:
        return task in {"hello", "small"}
    return task == "hello" or not (peer in HELLO_ALONE or any(name in peer for name in FRAMEWORKS))


def figure(task: str, milliseconds: float) -> str:
    """Format a time, or the speed that it means."""
    if task in MEGABYTES:
        return f"{MEGABYTES[task] / milliseconds * 1000:.0f}"
    return f"{milliseconds:.2f}"


def main() -> None:
    """Build, measure and print."""
    tools = sys.argv[1:] or list(TOOLS)
    with tempfile.TemporaryDirectory() as name:
        components = build(Path(name), tools)
        found = measure(components, Path(name), ROUNDS, wanted)
        print("|", *(f"| {task}" for task in TASKS), "| MB |")
        print("|---" * (len(TASKS) + 2) + "|")
        for peer, component in components.items():
            cells = (
                figure(task, found[peer, task]) if wanted(peer, task) else "" for task in TASKS
            )
            size = component.stat().st_size / 1e6
            print(f"| {peer} |", *(f"{cell} |" for cell in cells), f"{size:.1f} |")
    print("\n| task | | beside | ratio of times | at most |\n|---|---|---|---|---|")
    for task, ours, beside, most in TARGETS:
        if not {ours, beside} <= components.keys():
            continue
        ratio = found[ours, task] / found[beside, task]
        print(f"| {task} | {ours} | {beside} | {ratio:.2f} | {most} |")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
