"""The suites find mistakes that are seeded into copies of the project's own adapters and kinds."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from gleanin_sync_testkit.forked_tests import ForkedTests, forked_tests
from gleanin_sync_testkit.seeded_bugs import ProjectCopy, SeededBug, copy_project, table_of

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PARTS = ("pyproject.toml", "src", "tests", "plugins")
PATHS = ("src", "plugins/testkit", "plugins/template", "plugins/sponsors", "plugins/pretalx")
TABLE = HERE.parent / "SEEDED_BUGS.md"
LISTS = sorted(path.stem for path in HERE.glob("bugs_in_*.py"))
BUGS: list[SeededBug] = [bug for name in LISTS for bug in import_module(f"plugins.testkit.tests.{name}").BUGS]
NO_FINDINGS = ("ImportError", "ModuleNotFoundError", "SyntaxError", "NameError")
"""What a test must not fail with: the seeded bug would be one that any start finds."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    return copy_project(ROOT, tmp_path_factory.mktemp("seeded") / "project", PARTS)


@pytest.fixture(scope="module")
def tests() -> Iterator[ForkedTests]:
    with forked_tests() as tests:
        yield tests


def test_without_a_bug_the_tests_pass(copy: ProjectCopy, tests: ForkedTests) -> None:
    wanted = {bug.caught_by for bug in BUGS}

    run = tests.run(copy.root, PATHS, sorted(wanted))

    assert {*run.passed} == wanted, run.output


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_bug_is_found(copy: ProjectCopy, tests: ForkedTests, bug: SeededBug) -> None:
    with copy.seeded(bug):
        run = tests.run(copy.root, PATHS, [bug.caught_by])

    assert not run.errors, run.output
    assert bug.caught_by in run.failures, f"not found: {bug.mistake}\n{run.output}"
    assert not run.failures[bug.caught_by].startswith(NO_FINDINGS), run.failures[bug.caught_by]


def test_the_table_lists_all_bugs() -> None:
    assert TABLE.read_text(encoding="utf-8").endswith(table_of(BUGS)), (
        "SEEDED_BUGS.md is not up to date: run `python -m plugins.testkit.tests.write_table`"
    )
