"""The pytest plug-in skips what is not declared, and prints what a plug-in does."""

from dataclasses import dataclass

import pytest

from gleanin_sync_testkit.kind import KindSuite
from gleanin_sync_testkit.requirements import Requirement, requirement, requirement_of

pytest_plugins = ["pytester"]
SUITE = """
    from dataclasses import dataclass

    import pytest

    from gleanin_sync_testkit.requirements import requirement


    @dataclass(frozen=True)
    class Capabilities:
        can_walk: bool = True
        can_fly: bool = False


    class Suite:
        @requirement("it walks", needs=("can_walk",))
        def test_walks(self) -> None:
            pass

        @requirement("it flies", rule=7, needs=("can_walk", "can_fly"))
        def test_flies(self) -> None:
            raise AssertionError

        @requirement("it swims")
        async def test_swims(self) -> None:
            assert False, "it sinks"

        @requirement("it eats", rule=12)
        @pytest.mark.parametrize("food", ["hay", "iron", "oats"])
        def test_eats(self, food: str) -> None:
            assert food != "iron"

        @requirement("it sleeps")
        def test_sleeps(self, bed: object) -> None:
            pass

        def test_without_a_requirement(self) -> None:
            pass


    class TestHorse(Suite):
        capabilities = Capabilities()

        @pytest.fixture
        def bed(self) -> None:
            raise RuntimeError("there is no bed")
"""
TABLE = [
    "*compliance of TestHorse*",
    "failed           it swims",
    "failed  rule 12  it eats",
    "failed           it sleeps",
    "passed           it walks",
    "skipped rule 7   it flies",
]


@dataclass(frozen=True, slots=True)
class Capabilities:
    can_fly: bool = False
    can_swim: bool = True


@pytest.fixture
def horse(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(test_horse=SUITE)
    return pytester


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_the_table_has_the_worst_result_of_each_requirement(horse: pytest.Pytester, mode: str) -> None:
    result = horse.runpytest_inprocess("-p", "no:cacheprovider", f"--asyncio-mode={mode}")

    result.stdout.fnmatch_lines_random(TABLE)
    result.assert_outcomes(passed=4, failed=2, errors=1, skipped=1)


def test_the_table_is_the_same_with_several_processes(horse: pytest.Pytester) -> None:
    result = horse.runpytest_subprocess("-p", "no:cacheprovider", "-n2")

    result.stdout.fnmatch_lines_random(TABLE)


def test_what_is_not_declared_is_skipped_by_its_name(horse: pytest.Pytester) -> None:
    result = horse.runpytest_inprocess("-p", "no:cacheprovider", "-rs", "-k", "flies")

    result.stdout.fnmatch_lines(["*not declared: can_fly*"])


def test_without_suites_there_is_no_table(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it() -> None: pass")

    assert "compliance" not in pytester.runpytest_inprocess("-p", "no:cacheprovider").stdout.str()


def test_a_requirement_names_what_is_missing() -> None:
    assert Requirement("it", needs=("can_fly", "can_swim")).missing(Capabilities()) == ("can_fly",)
    assert Requirement("it").missing(Capabilities()) == ()


def test_a_requirement_needs_capabilities_that_exist() -> None:
    with pytest.raises(AssertionError, match="can_dive"):
        Requirement("it", needs=("can_dive",)).missing(Capabilities())


def test_a_requirement_is_found_at_its_test() -> None:
    @requirement("it works", rule=3)
    def test() -> None: ...

    assert requirement_of(test) == Requirement("it works", 3)
    assert requirement_of(lambda: None) is None


@pytest.mark.parametrize("suite", [KindSuite], ids=lambda suite: suite.__name__)
def test_no_test_of_a_suite_hides_another(suite: type) -> None:
    names = [name for part in suite.__mro__ for name in vars(part) if name.startswith("test_")]
    assert len(set(names)) == len(names)
    sentences = [found.sentence for name in names if (found := requirement_of(getattr(suite, name)))]
    assert len(sentences) == len(names), "each test of a suite has a sentence"
    assert not [sentence for sentence in sentences if sentence.endswith(".")]
    # Two tests of one sentence are one line of the table.
    assert len(set(sentences)) == len(sentences)
