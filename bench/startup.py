"""Measure what the command line costs with many plug-ins installed that a command does not need."""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.report import Line, Series

PLUGINS = 50
TIMES = 20
"""Pairs of runs, one with the plug-ins and one without."""
TIMEOUT = 60
"""Seconds for one command."""
GROUPS = ("gleanin_sync.sources", "gleanin_sync.destinations", "gleanin_sync.kinds")
COMMAND = [str(Path(sys.executable).with_name("gleanin-sync"))]
MODULE = '"""A plug-in that must not be loaded."""\n\nimport time\n\ntime.sleep(1)\nPLUGIN = None\n'


def install(folder: Path, count: int = PLUGINS) -> None:
    """Install plug-ins as pip would, each a module that takes a second to load."""
    for number in range(count):
        name, group = f"bench_plugin_{number}", GROUPS[number % len(GROUPS)]
        (folder / f"{name}.py").write_text(MODULE)
        metadata = folder / f"{name}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[{group}]\nbench-{number} = {name}:PLUGIN\n")
        (metadata / "RECORD").write_text(f"{name}.py,,\n")


def startup(runs: int) -> Iterable[Line]:
    with tempfile.TemporaryDirectory() as with_plugins, tempfile.TemporaryDirectory() as without:
        install(Path(with_plugins))
        for arguments in (["--help"], ["status"]):
            seconds = {folder: Series() for folder in (with_plugins, without)}
            for folder in seconds:  # compile, and set up the database
                _seconds(arguments, folder, without)
            for _ in range(TIMES * runs):
                for folder, series in seconds.items():
                    series.values.append(_seconds(arguments, folder, without))
            more, less = seconds.values()
            yield Line(
                f"gleanin-sync {' '.join(arguments)} with {PLUGINS} plug-ins that it does not need: how many times longer",
                "1",
                more.median / less.median,
                f"CPU {more} s; without them {less} s",
            )


def _seconds(arguments: Sequence[str], path: str, data: str) -> float:
    """Return the CPU time of a command in seconds."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join((path, *sys.path[1:])),
        "GLEANIN_SYNC_DATABASE_URL": f"sqlite:///{data}/bench.db",
        "XDG_DATA_HOME": data,
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*COMMAND, *arguments], env=environment, capture_output=True, timeout=TIMEOUT, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
