"""Copies of a project are changed and restored; the original stays as it is."""

from pathlib import Path

import pytest

from gleanin_sync_testkit.forked_tests import forked_tests
from gleanin_sync_testkit.seeded_bugs import ProjectCopy, SeededBug, copy_project, table_of

BUG = SeededBug("two was three", "lib/numbers_.py", "TWO = 2", "TWO = 3", "tests/test_it.py::test_two")


@pytest.fixture
def copy(tmp_path: Path) -> ProjectCopy:
    original = tmp_path / "original"
    for path, text in {
        "pyproject.toml": "[tool.pytest.ini_options]\n",
        "lib/numbers_.py": "ONE = 1\nTWO = 2\n",
        "tests/test_it.py": "import numbers_\n\n\ndef test_two():\n    assert numbers_.TWO == 2, 'two is two'\n",
    }.items():
        (original / path).parent.mkdir(parents=True, exist_ok=True)
        (original / path).write_text(text)
    return copy_project(original, tmp_path / "copy", ("pyproject.toml", "lib", "tests"))


def test_a_bug_is_in_the_copy_until_its_block_ends(copy: ProjectCopy) -> None:
    original, changed = copy.original / BUG.file, copy.root / BUG.file

    with copy.seeded(BUG):
        assert changed.read_text() == "ONE = 1\nTWO = 3\n"
        assert original.read_text() == "ONE = 1\nTWO = 2\n"

    assert changed.read_text() == "ONE = 1\nTWO = 2\n"


@pytest.mark.parametrize("old", ["THREE = 3", "="])
def test_the_text_must_stand_in_the_file_once(copy: ProjectCopy, old: str) -> None:
    bug = SeededBug("something", BUG.file, old, "", BUG.caught_by)

    with pytest.raises(AssertionError, match="it must stand there once"), copy.seeded(bug):
        pass


def test_tests_run_in_the_copy_and_say_what_they_found(copy: ProjectCopy) -> None:
    with forked_tests() as tests:
        before = tests.run(copy.root, ["lib"], [BUG.caught_by])
        with copy.seeded(BUG):
            during = tests.run(copy.root, ["lib"], [BUG.caught_by])
        (copy.root / "lib/numbers_.py").unlink()
        without = tests.run(copy.root, ["lib"], [BUG.caught_by])

    assert (before.passed, before.failures, before.errors) == ([BUG.caught_by], {}, {})
    assert (during.passed, during.errors) == ([], {})
    assert during.failures[BUG.caught_by].startswith("AssertionError: two is two")
    assert (without.passed, without.failures) == ([], {})
    assert "numbers_" in without.output
    assert without.errors


def test_the_table_names_the_test_that_finds_a_bug() -> None:
    assert (
        table_of([BUG]).splitlines()[2]
        == "| two was three | `lib/numbers_.py` | `test_two` in `tests/test_it.py` |"
    )
