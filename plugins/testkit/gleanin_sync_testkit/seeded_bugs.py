"""Bugs that are seeded into copies of a project, to show that its tests find them.

A list of them says what a suite is worth: each is a mistake that an author could make, with the test that must fail.
"""

import os
import shutil
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SeededBug:
    mistake: str
    """What is wrong, in the past tense and without a full stop: "the last page was skipped"."""
    file: str
    """Which is changed, below the root of the project."""
    old: str
    """The text that is replaced; it stands there once."""
    new: str
    caught_by: str
    """The test that must fail, as pytest calls it: `tests/test_source.py::TestMine::test_all_pages_are_read`."""

    @property
    def name(self) -> str:
        return self.mistake.replace(" ", "-")


@dataclass(frozen=True, slots=True)
class ProjectCopy:
    """A copy of a project, in which one file at a time is changed."""

    original: Path
    root: Path

    @contextmanager
    def seeded(self, bug: SeededBug) -> Iterator[None]:
        """Change the file of a bug until the block ends."""
        original = self.original / bug.file
        text = original.read_text(encoding="utf-8")
        found = text.count(bug.old)
        assert found == 1, f"{bug.old!r} stands {found} times in {bug.file}: it must stand there once"
        assert bug.new != bug.old, f"{bug.mistake!r} changes nothing"
        changed = self.root / bug.file
        changed.unlink()  # it may be the original itself, under another name
        seeded = text.replace(bug.old, bug.new).encode()
        changed.write_bytes(seeded)
        # Compiled modules are told apart by time and size: the time of two contents must differ.
        os.utime(changed, (zlib.crc32(seeded), zlib.crc32(seeded)))
        try:
            yield
        finally:
            changed.unlink()
            _link(str(original), str(changed))


def copy_project(original: Path, root: Path, parts: Sequence[str]) -> ProjectCopy:
    """Copy the named files and folders of a project; a file that is not changed may be the same one."""
    root.mkdir(parents=True)
    for part in parts:
        if (original / part).is_dir():
            shutil.copytree(original / part, root / part, copy_function=_link)
        else:
            (root / part).parent.mkdir(parents=True, exist_ok=True)
            _link(str(original / part), str(root / part))
    return ProjectCopy(original, root)


def table_of(bugs: Iterable[SeededBug]) -> str:
    """Return the bugs as a table in Markdown."""
    lines = ["| what was wrong | in a copy of | caught by |", "| --- | --- | --- |"]
    for bug in bugs:
        path, _, test = bug.caught_by.partition("::")
        lines.append(f"| {bug.mistake} | `{bug.file}` | `{test.replace('::', '.')}` in `{path}` |")
    return "\n".join(lines) + "\n"


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)
    return target
