"""`python -m bench.earlier REVISION [--people N] [--runs N] [--latency MS]`: this tree and an earlier commit, alternately.

Both are measured against the sandbox of the earlier commit, each in a fresh process with a fresh SQLite file, so that
only the client differs. Only the ratio of each pair matters, because the machine's speed drifts.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.__main__ import PEOPLE_PER_SESSION
from entrypoints.sandbox.running import Addresses, in_process

ROOT = Path(__file__).parents[1]
Json = dict[str, Any]


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """Check out a revision beside this tree, until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "earlier"
        subprocess.run(
            ["git", "worktree", "add", "--detach", tree, revision], cwd=ROOT, check=True, capture_output=True
        )
        try:
            yield tree
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", tree], cwd=ROOT, check=True)


def _path_of(tree: Path) -> str:
    return os.pathsep.join((str(tree / "src"), str(tree)))


def measured(tree: Path, urls: Addresses) -> Json:
    """Sync for the first time, again, and after 1 % has changed, with the program in a tree."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable, "-m", "bench.child", "product",
            urls.sessionboard_url, urls.gleanin_url, urls.control_url, folder,
        ]  # fmt: skip
        process = subprocess.run(
            command,
            cwd=tree,
            env=os.environ | {"PYTHONPATH": _path_of(tree)},
            capture_output=True,
            text=True,
            timeout=1800,
            check=False,
        )
    if process.returncode:
        raise RuntimeError(process.stderr)
    result: Json = json.loads(process.stdout.splitlines()[-1])
    return result


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.earlier", description=__doc__)
    parser.add_argument("revision")
    parser.add_argument("--people", type=int, default=5_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--latency", type=float, default=0)
    options = parser.parse_args()
    arguments = [
        "--generate",
        str(round(options.people / PEOPLE_PER_SESSION)),
        "--latency",
        str(options.latency),
    ]
    pairs: list[tuple[Json, Json]] = []
    with checked_out(options.revision) as earlier:
        os.environ["PYTHONPATH"] = _path_of(earlier)  # for the sandbox
        for number in range(options.runs):
            pair = {}
            for tree in (ROOT, earlier) if number % 2 else (earlier, ROOT):
                with in_process(arguments) as urls:
                    pair[tree] = measured(tree, urls)
            pairs.append((pair[ROOT], pair[earlier]))
            print(_ratios(pairs[-1:]), flush=True)
    print(f"median of {options.runs} pairs: {_ratios(pairs)}")
    again = max(now["again"]["writes"] for now, _ in pairs)
    print(f"writes of a second sync: {again}; peak MB: {_peaks(pairs)}")


def _ratios(pairs: list[tuple[Json, Json]]) -> str:
    """Return how fast this tree is compared with the earlier one, for each part: more than 1 is faster."""
    parts = ("first", "again", "changed")
    ratios = {
        f"{part} {by}": statistics.median(before[part][by] / now[part][by] for now, before in pairs)
        for part in parts
        for by in ("seconds", "cpu_seconds")
    }
    return "; ".join(f"{name} {ratio:.3f}" for name, ratio in ratios.items())


def _peaks(pairs: list[tuple[Json, Json]]) -> str:
    return " compared with ".join(
        f"{statistics.median(pair[place]['again']['peak_mb'] for pair in pairs):.0f}" for place in (0, 1)
    )


if __name__ == "__main__":
    main()
