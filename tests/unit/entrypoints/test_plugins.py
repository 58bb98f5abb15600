"""Which plug-ins an installation has, by the metadata of its packages."""

import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from importlib.metadata import Distribution, EntryPoint, PackagePath
from types import ModuleType
from typing import Any, cast

import pytest

from core.domain.errors import InvalidInput
from core.domain.records.feeds import Feed
from core.domain.records.kinds import ALL, KINDS, RecordKind, Scope
from core.domain.records.source_records import Person
from core.domain.selection.feed_rows import FeedRows, SelectionContext
from entrypoints.plugins import (
    OWN_DISTRIBUTION,
    PluginCatalog,
    PluginGroup,
    PluginMissing,
    PluginState,
    catalog_of,
    url_of_region,
)
from ports.plugins import (
    API_VERSION,
    Access,
    FeedReader,
    KindPlugin,
    OpenHttp,
    RecordSchema,
    Source,
    SourcePlugin,
)

MODULE = "plugins_of_these_tests"


class FakeDistribution:
    def __init__(self, name: str, files: Sequence[str] | None = ()) -> None:
        self.name, self.version = name, "1.0"
        self.files = None if files is None else [PackagePath(file) for file in files]


def point(
    name: str,
    package: str,
    attribute: str = "SOURCE",
    group: PluginGroup = PluginGroup.SOURCES,
    files: Sequence[str] | None = ("package/__init__.py",),
) -> EntryPoint:
    distribution = cast("Distribution", FakeDistribution(package, files))
    return EntryPoint(name, f"{MODULE}:{attribute}", group.value)._for(distribution)  # type: ignore[attr-defined,no-any-return]


def never_opened(access: Access, http: OpenHttp) -> AbstractAsyncContextManager[Source]:
    raise NotImplementedError


def never_indexed(context: SelectionContext) -> FeedRows:
    raise NotImplementedError


HELPERS = Feed("helpers", Person)
HELPER = RecordKind("helper", "helpers", "helper", Scope("helpers"), HELPERS, ("email",), (), True, 2)
READER = FeedReader("helpers", lambda row: [Person(row["id"])])
KIND = KindPlugin(
    HELPER, never_indexed, {"toys": READER}, {"shelf": RecordSchema("people", {"email": "email"})}
)


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the module that the entry points of these tests name."""
    module: Any = ModuleType(MODULE)
    module.SOURCE = SourcePlugin("toys", "Toy Box", never_opened, regions={"eu": "https://eu.example.org"})
    module.OTHER = SourcePlugin("others", "Other Box", never_opened)
    module.OLD = SourcePlugin("toys", "Toy Box", never_opened, api_version=API_VERSION - 1)
    module.KIND = KIND
    module.TEXT = "toys"
    monkeypatch.setitem(sys.modules, MODULE, module)
    return module


def problem_of(catalog: PluginCatalog, group: PluginGroup = PluginGroup.SOURCES, name: str = "toys") -> str:
    loaded = catalog.load(group, name)
    assert loaded.plugin is None
    assert loaded.state is PluginState.REFUSED
    return loaded.problem


def test_nothing_is_loaded_to_find_plugins() -> None:
    assert MODULE not in sys.modules
    catalog = catalog_of([point("toys", "toy-source")])
    (found,) = catalog.installed[PluginGroup.SOURCES].values()
    assert (found.identifier, found.package, found.version, found.is_own) == (
        "toys",
        "toy-source",
        "1.0",
        False,
    )
    assert catalog.package_of(PluginGroup.SOURCES, "toys") == "toy-source"
    assert catalog.package_of(PluginGroup.SOURCES, "others") == ""


def test_a_plugin_is_loaded_once(module: Any) -> None:
    catalog = catalog_of([point("toys", "toy-source")])
    assert catalog.source("toys") is module.SOURCE
    module.SOURCE = None
    assert catalog.source("toys").display_name == "Toy Box"


@pytest.mark.usefixtures("module")
@pytest.mark.parametrize("is_own_first", [True, False])
def test_the_programs_own_identifiers_stay_its_own(*, is_own_first: bool) -> None:
    points = [point("toys", OWN_DISTRIBUTION), point("toys", "a-thief")]
    catalog = catalog_of(points if is_own_first else reversed(points))
    assert catalog.package_of(PluginGroup.SOURCES, "toys") == OWN_DISTRIBUTION
    (refused,) = [loaded for loaded in catalog.all() if loaded.problem]
    assert refused.installed.package == "a-thief"
    assert refused.problem == (
        f"The identifier 'toys' is taken by {OWN_DISTRIBUTION}. Uninstall one of the two."
    )


@pytest.mark.usefixtures("module")
def test_of_two_packages_with_one_identifier_the_same_one_is_always_used() -> None:
    points = [point("toys", "b-toys"), point("toys", "a-toys")]
    for each in (points, points[::-1]):
        catalog = catalog_of(each)
        assert catalog.package_of(PluginGroup.SOURCES, "toys") == "a-toys"
        assert [refused.package for refused in catalog.refused] == ["b-toys"]


@pytest.mark.usefixtures("module")
def test_different_groups_may_use_one_identifier() -> None:
    points = [point("toys", "toy-source"), point("toys", "toy-shelf", group=PluginGroup.DESTINATIONS)]
    assert catalog_of(points).refused == ()


@pytest.mark.usefixtures("module")
@pytest.mark.parametrize(
    "file", ["core/__init__.py", "ports/plugins.py", "adapters/toys.py", "entrypoints/x/y.py", "core.py"]
)
def test_a_package_that_brings_one_of_the_programs_is_refused(file: str) -> None:
    catalog = catalog_of([point("toys", "toy-source", files=("toys/__init__.py", file))])
    package = file.partition("/")[0].removesuffix(".py")
    assert problem_of(catalog) == (
        f"It brings a top-level package {package!r}, which belongs to {OWN_DISTRIBUTION}. Rename that package."
    )
    with pytest.raises(PluginMissing, match=r"The plug-in toy-source was refused: It brings"):
        catalog.source("toys")


@pytest.mark.usefixtures("module")
@pytest.mark.parametrize("files", [("toys/core/__init__.py",), ("coreutils/__init__.py",), (), None])
def test_packages_with_other_names_are_not(files: Sequence[str] | None) -> None:
    assert catalog_of([point("toys", "toy-source", files=files)]).source("toys").identifier == "toys"


@pytest.mark.usefixtures("module")
@pytest.mark.parametrize(
    ("attribute", "problem"),
    [
        ("OLD", f"It was made for version {API_VERSION - 1} of the plug-in API"),
        ("OTHER", "Its entry point is called 'toys', and what it brings 'others'."),
        ("TEXT", f"{MODULE}:TEXT is no SourcePlugin."),
        ("KIND", f"{MODULE}:KIND is no SourcePlugin."),
        ("MISSING", "It cannot be loaded: AttributeError"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_reason(attribute: str, problem: str) -> None:
    assert problem_of(catalog_of([point("toys", "toy-source", attribute)])).startswith(problem)


def test_a_package_that_cannot_be_imported_is_refused() -> None:
    assert problem_of(catalog_of([point("toys", "toy-source")])) == (
        f"It cannot be loaded: ModuleNotFoundError: No module named '{MODULE}'"
    )


@pytest.mark.usefixtures("module")
def test_what_is_not_installed_is_named_with_what_is() -> None:
    with pytest.raises(PluginMissing, match=r"There is no source 'others'\. Installed: toys\."):
        catalog_of([point("toys", "toy-source")]).source("others")
    with pytest.raises(PluginMissing, match=r"There is no destination 'toys'\."):
        catalog_of([point("toys", "toy-source")]).destination("toys")


@pytest.mark.usefixtures("module")
def test_kinds_bring_readers_and_schemas_for_the_systems_that_they_know() -> None:
    catalog = catalog_of([point("helper", "toy-kind", "KIND", PluginGroup.KINDS)])
    assert catalog.readers("toys").keys() == {"helpers"}
    assert catalog.readers("others") == {}
    assert catalog.schemas("shelf") == {"helper": KIND.schemas["shelf"]}
    assert catalog.schemas("gleanin") == {}
    assert [*catalog.further_kinds()] == [KIND]


@pytest.mark.usefixtures("module")
def test_a_row_that_a_kind_cannot_parse_names_its_package() -> None:
    catalog = catalog_of([point("helper", "toy-kind", "KIND", PluginGroup.KINDS)])
    with pytest.raises(ValueError, match=r"^toy-kind cannot read it: KeyError: 'id'$"):
        catalog.readers("toys")["helpers"].parse({})


@pytest.mark.usefixtures("module")
def test_kinds_of_the_program_itself_are_no_further_ones() -> None:
    catalog = catalog_of([point("helper", OWN_DISTRIBUTION, "KIND", PluginGroup.KINDS)])
    assert [*catalog.further_kinds()] == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"plural": "sessions"}, "It cannot be used: there is another kind 'helper' or 'sessions'."),
        ({"feed": Feed("sessions", Person)}, "It cannot be used: there is another feed 'sessions'."),
    ],
)
def test_a_kind_that_clashes_with_another_is_refused_and_the_rest_works(
    module: Any, change: dict[str, Any], problem: str
) -> None:
    module.KIND = replace(KIND, kind=replace(HELPER, **change))
    catalog = catalog_of(
        [point("helper", "toy-kind", "KIND", PluginGroup.KINDS), point("toys", "toy-source")]
    )
    kinds, feeds = [*KINDS], KINDS.feeds_in(ALL)
    problems = {loaded.installed.package: loaded.problem for loaded in catalog.all()}
    assert problems == {"toy-kind": problem, "toy-source": ""}
    assert [*catalog.further_kinds()] == []
    assert catalog.readers("toys") == {}
    assert ([*KINDS], KINDS.feeds_in(ALL)) == (kinds, feeds)


@pytest.mark.usefixtures("module")
def test_the_regions_of_a_source_have_urls() -> None:
    catalog = catalog_of([point("toys", "toy-source"), point("others", "other-source", "OTHER")])
    assert url_of_region(catalog, "toys", "eu") == "https://eu.example.org"
    with pytest.raises(InvalidInput, match=r"There is no region 'us'\. Use one of: eu\."):
        url_of_region(catalog, "toys", "us")
    with pytest.raises(InvalidInput, match=r"It has no regions"):
        url_of_region(catalog, "others", "eu")
    with pytest.raises(InvalidInput, match=r"There is no source 'jugglers'"):
        url_of_region(catalog, "jugglers", "eu")
