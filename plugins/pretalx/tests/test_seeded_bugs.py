"""The kit's suite finds mistakes that are seeded into copies of the package."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gleanin_sync_testkit.forked_tests import ForkedTests, forked_tests
from gleanin_sync_testkit.seeded_bugs import ProjectCopy, SeededBug, copy_project
from plugins.pretalx.tests.bugs_in_pretalx import BUGS

ROOT = Path(__file__).parents[3]
PARTS = ("pyproject.toml", "src", "tests", "plugins")
PATHS = ("src", "plugins/testkit", "plugins/pretalx")
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
