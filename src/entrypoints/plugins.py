"""Finds the installed plug-ins by their metadata, and loads one when it is needed.

Nothing of a plug-in is imported to list it: only its entry points are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from importlib.metadata import Distribution, EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, cast

from core.domain.errors import InvalidInput, describe

if TYPE_CHECKING:
    from core.domain.links.link_homes import LinkHome
    from core.domain.records.feeds import SourceRow
    from ports.plugins import DestinationPlugin, FeedReader, KindPlugin, Plugin, RecordSchema, SourcePlugin

OWN_PACKAGES = frozenset({"core", "ports", "adapters", "entrypoints"})
"""Top-level packages of this program; a distribution that brings one of them would replace it."""
OWN_DISTRIBUTION = "gleanin-sync"


class PluginGroup(StrEnum):
    SOURCES = "gleanin_sync.sources"
    DESTINATIONS = "gleanin_sync.destinations"
    KINDS = "gleanin_sync.kinds"


class PluginState(StrEnum):
    AVAILABLE = "available"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class InstalledPlugin:
    """One entry point of an installed distribution."""

    group: PluginGroup
    entry_point: EntryPoint
    refused: str = ""
    """Why it cannot be used, as far as the other plug-ins are concerned; empty if it can."""

    @property
    def identifier(self) -> str:
        return self.entry_point.name

    @property
    def distribution(self) -> Distribution:
        assert self.entry_point.dist is not None, "an installed entry point has one"
        return self.entry_point.dist

    @property
    def package(self) -> str:
        return self.distribution.name

    @property
    def version(self) -> str:
        return self.distribution.version

    @property
    def is_own(self) -> bool:
        return self.package == OWN_DISTRIBUTION


@dataclass(frozen=True, slots=True)
class LoadedPlugin:
    installed: InstalledPlugin
    plugin: Plugin | None
    problem: str = ""
    """Why it cannot be used; empty if it can."""

    @property
    def state(self) -> PluginState:
        return PluginState.REFUSED if self.problem else PluginState.AVAILABLE


class PluginMissing(Exception):
    """A plug-in is not installed, or was refused; the text says what to do."""


@dataclass(slots=True)
class PluginCatalog:
    """The plug-ins of this installation."""

    installed: Mapping[PluginGroup, Mapping[str, InstalledPlugin]]
    """By group and identifier: those whose identifier is not taken."""
    refused: tuple[InstalledPlugin, ...] = ()
    _loaded: dict[tuple[PluginGroup, str], LoadedPlugin] = field(default_factory=dict)

    def source(self, identifier: str) -> SourcePlugin:
        """Return a source.

        Raises:
            PluginMissing
        """
        return cast("SourcePlugin", self._get(PluginGroup.SOURCES, identifier))

    def destination(self, identifier: str) -> DestinationPlugin:
        """Return a destination.

        Raises:
            PluginMissing
        """
        return cast("DestinationPlugin", self._get(PluginGroup.DESTINATIONS, identifier))

    def readers(self, source: str) -> Mapping[str, FeedReader]:
        """Return how a source reads the feeds that further kinds bring, by the feed's name."""
        found: dict[str, FeedReader] = {}
        for kind, package in self._further_kinds():
            if reader := kind.readers.get(source):
                found[kind.kind.feed.name] = replace(reader, parse=_naming(reader.parse, package))
        return found

    def schemas(self, destination: str) -> Mapping[str, RecordSchema]:
        """Return how a destination writes further kinds, by the kind's name."""
        return {
            kind.kind.name: schema
            for kind, _ in self._further_kinds()
            if (schema := kind.schemas.get(destination))
        }

    def webhook_topics(self, source: str) -> tuple[str, ...]:
        """List the topics of a source's webhooks that tell of changes of any kind."""
        kinds = self._kinds()
        return tuple(dict.fromkeys(topic for kind in kinds for topic in kind.webhooks.get(source, ())))

    def link_homes(self, source: str) -> Mapping[str, LinkHome]:
        """Return where a source's links of people are written back, by the name of the kind (rule 38)."""
        return {kind.kind.name: home for kind in self._kinds() if (home := kind.link_homes.get(source))}

    def _kinds(self) -> Iterator[KindPlugin]:
        """Load and yield all kinds."""
        for identifier in self.installed[PluginGroup.KINDS]:
            if plugin := self.load(PluginGroup.KINDS, identifier).plugin:
                yield cast("KindPlugin", plugin)

    def register_kinds(self) -> None:
        """Add the further kinds to those that come with the program; those that clash with another are refused."""
        for kind, package in [*self._further_kinds()]:
            try:
                _register(kind, package)
            except Exception as error:  # noqa: BLE001 - whatever a kind is made of, the others must work
                what = error if isinstance(error, ValueError) else describe(error)
                key = PluginGroup.KINDS, kind.identifier
                self._loaded[key] = replace(
                    self._loaded[key], plugin=None, problem=f"It cannot be used: {what}."
                )

    def further_kinds(self) -> Iterator[KindPlugin]:
        """Yield the kinds that do not come with the program."""
        return (kind for kind, _ in self._further_kinds())

    def guarded_kinds(self) -> Iterator[KindPlugin]:
        """Yield the further kinds with functions that raise nothing but errors that name their package."""
        from adapters.plugins.kind_guard import guarded

        return (guarded(kind, package) for kind, package in self._further_kinds())

    def kinds_with_packages(self) -> Iterator[tuple[KindPlugin, str]]:
        """Yield the further kinds with the distributions that bring them."""
        return self._further_kinds()

    def _further_kinds(self) -> Iterator[tuple[KindPlugin, str]]:
        """Load the kinds of other distributions; those that come with the program are registered already."""
        for identifier, installed in self.installed[PluginGroup.KINDS].items():
            if not installed.is_own and (loaded := self.load(PluginGroup.KINDS, identifier)).plugin:
                yield cast("KindPlugin", loaded.plugin), installed.package

    def all(self) -> Iterator[LoadedPlugin]:
        """Load everything that is installed, and yield what was refused without being loaded."""
        self.register_kinds()  # which refuses some
        for group, by_identifier in self.installed.items():
            for identifier in by_identifier:
                yield self.load(group, identifier)
        for installed in self.refused:
            yield LoadedPlugin(installed, None, installed.refused)

    def package_of(self, group: PluginGroup, identifier: str) -> str:
        """Return the distribution that brings a plug-in; empty if none does."""
        installed = self.installed[group].get(identifier)
        return installed.package if installed else ""

    def load(self, group: PluginGroup, identifier: str) -> LoadedPlugin:
        key = group, identifier
        if key not in self._loaded:
            self._loaded[key] = _loaded(self.installed[group][identifier])
        return self._loaded[key]

    def _get(self, group: PluginGroup, identifier: str) -> Plugin:
        if identifier not in self.installed[group]:
            what = group.value.rpartition(".")[2].removesuffix("s")
            known = ", ".join(self.installed[group])
            raise PluginMissing(
                f"There is no {what} {identifier!r:.60}. Installed: {known}. Install the package that brings it."
            )
        loaded = self.load(group, identifier)
        if loaded.plugin is None:
            raise PluginMissing(f"The plug-in {loaded.installed.package} was refused: {loaded.problem}")
        return loaded.plugin


@cache
def installed_plugins() -> PluginCatalog:
    """Return the plug-ins of this installation."""
    return catalog_of([point for group in PluginGroup for point in entry_points(group=group)])


def catalog_of(points: Iterable[EntryPoint]) -> PluginCatalog:
    """Return the plug-ins that some entry points name; of equal identifiers, this program's own is first."""
    groups: dict[PluginGroup, dict[str, InstalledPlugin]] = {group: {} for group in PluginGroup}
    refused: list[InstalledPlugin] = []
    found = [InstalledPlugin(PluginGroup(point.group), point) for point in points]
    for plugin in sorted(found, key=lambda one: (one.package != OWN_DISTRIBUTION, one.package)):
        first = groups[plugin.group].setdefault(plugin.identifier, plugin)
        if first is not plugin:
            problem = f"The identifier {plugin.identifier!r:.60} is taken by {first.package}. Uninstall one of the two."
            refused.append(replace(plugin, refused=problem))
    return PluginCatalog(groups, tuple(refused))


def _replaces(distribution: Distribution) -> str:
    """Return a top-level package of a distribution that belongs to this program; empty if there is none."""
    files = distribution.files or ()
    return min({file.parts[0].removesuffix(".py") for file in files if file.parts} & OWN_PACKAGES, default="")


def _loaded(installed: InstalledPlugin) -> LoadedPlugin:
    from ports.plugins import API_VERSION, DestinationPlugin, KindPlugin, SourcePlugin

    expected: Any = {
        PluginGroup.SOURCES: SourcePlugin,
        PluginGroup.DESTINATIONS: DestinationPlugin,
        PluginGroup.KINDS: KindPlugin,
    }[installed.group]
    if not installed.is_own and (own := _replaces(installed.distribution)):
        problem = f"It brings a top-level package {own!r}, which belongs to {OWN_DISTRIBUTION}. Rename that package."
        return LoadedPlugin(installed, None, problem)
    try:
        plugin = installed.entry_point.load()
    except Exception as error:  # noqa: BLE001 - whatever a package raises, the others must work
        return LoadedPlugin(installed, None, f"It cannot be loaded: {describe(error)}")
    if not isinstance(plugin, expected):
        return LoadedPlugin(installed, None, f"{installed.entry_point.value} is no {expected.__name__}.")
    if plugin.api_version != API_VERSION:
        problem = (
            f"It was made for version {plugin.api_version} of the plug-in API, and this program has version "
            f"{API_VERSION}. Install a release of {installed.package} for that version."
        )
        return LoadedPlugin(installed, None, problem)
    if plugin.identifier != installed.identifier:
        problem = f"Its entry point is called {installed.identifier!r:.60}, and what it brings {plugin.identifier!r:.60}."
        return LoadedPlugin(installed, None, problem)
    return LoadedPlugin(installed, plugin)


def _register(kind: KindPlugin, package: str) -> None:
    """Add a kind.

    Raises:
        ValueError: it clashes with another, or is not what a kind must be.
    """
    from adapters.plugins.kind_checks import check_kind
    from adapters.plugins.kind_guard import guarded
    from core.domain.records.kinds import KINDS
    from core.domain.selection.source_snapshot import register_feed

    check_kind(kind)
    KINDS.check(kind.kind)
    register_feed(kind.kind.feed, guarded(kind, package).make_rows)
    KINDS.register(kind.kind)


def _naming(
    parse: Callable[[Mapping[str, Any]], Iterable[SourceRow]], package: str
) -> Callable[[Mapping[str, Any]], Iterable[SourceRow]]:
    """Return the function with its errors naming the plug-in."""

    def named(row: Mapping[str, Any]) -> Iterable[SourceRow]:
        try:
            return [*parse(row)]
        except Exception as error:
            raise ValueError(f"{package} cannot read it: {describe(error)}") from error

    return named


def url_of_region(plugins: PluginCatalog, source: str, region: str) -> str:
    """Return the base URL of a region of a source.

    Raises:
        InvalidInput: the source has no such region, or is not installed.
    """
    try:
        regions = plugins.source(source).regions
    except PluginMissing as error:
        raise InvalidInput(str(error), about="source") from error
    if region not in regions:
        known = (
            f"Use one of: {', '.join(regions)}."
            if regions
            else "It has no regions: enter the URL of its API."
        )
        raise InvalidInput(f"There is no region {region!r:.60}. {known}", about="region")
    return regions[region]
