"""What kinds of installed packages add to the sandbox: feeds of Sessionboard, and what Gleanin accepts and lists."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.domain.errors import describe
from entrypoints.plugins import PluginCatalog, installed_plugins
from entrypoints.sandbox.schemas import SCHEMAS, AcceptedSchema
from ports.plugins import KindPlugin, RecordSchema, SandboxRows

CAMPAIGNS: Mapping[str, tuple[int, str]] = {
    "speakers": (11411, "Speaker campaign"),
    "exhibitors": (11412, "Exhibitor campaign"),
}
"""The campaign whose links the people of a record type get."""
FIRST_FURTHER_CAMPAIGN = 11413
SESSIONBOARD, GLEANIN = "sessionboard", "gleanin"
OWN_PATHS = frozenset({"sessions", "sessions/status", "speakers", "exhibitors", "contacts", "fields"})


@dataclass(frozen=True, slots=True)
class FurtherFeed:
    name: str
    path: str
    """Of its search, below the event's own path."""
    rows: SandboxRows
    package: str
    """The distribution that brings it."""

    def rows_of(self, event: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Return the rows of an event that has none of its own.

        Raises:
            ValueError: the plug-in failed; the text names it.
        """
        try:
            return [*(self.rows(event) if callable(self.rows) else self.rows)]
        except Exception as error:
            message = f"{self.package} failed to make rows for the sandbox: {describe(error)}"
            raise ValueError(message) from error


@dataclass(frozen=True, slots=True)
class FurtherKinds:
    feeds: tuple[FurtherFeed, ...] = ()
    schemas: Mapping[str, AcceptedSchema] = field(default_factory=lambda: SCHEMAS)
    """Of all record types, by the type."""
    campaigns: Mapping[str, tuple[int, str]] = field(default_factory=lambda: CAMPAIGNS)


def installed_kinds(plugins: PluginCatalog | None = None) -> FurtherKinds:
    """Return what the installed kinds add; nothing without plug-ins."""
    plugins = plugins or installed_plugins()
    plugins.register_kinds()  # which refuses some
    feeds, schemas, campaigns = dict[str, FurtherFeed](), dict(SCHEMAS), dict(CAMPAIGNS)
    for kind, package in plugins.kinds_with_packages():
        for feed in _feeds(kind, package):
            feeds.setdefault(feed.name, feed)
        if schema := kind.schemas.get(GLEANIN):
            schemas[schema.type] = _extended(schemas.get(schema.type), schema, kind)
            if kind.kind.is_person and schema.type not in campaigns:
                number = FIRST_FURTHER_CAMPAIGN + len(campaigns) - len(CAMPAIGNS)
                campaigns[schema.type] = (number, f"{kind.kind.singular.capitalize()} campaign")
    return FurtherKinds(_with_own_paths(feeds.values()), schemas, campaigns)


def _feeds(kind: KindPlugin, package: str) -> Iterator[FurtherFeed]:
    if reader := kind.readers.get(SESSIONBOARD):
        yield FurtherFeed(kind.kind.feed.name, reader.path, kind.sandbox_rows.get(SESSIONBOARD, ()), package)


def _with_own_paths(feeds: Iterable[FurtherFeed]) -> tuple[FurtherFeed, ...]:
    """Return the feeds whose searches the sandbox does not have anyway, each path once."""
    by_path = {feed.path: feed for feed in feeds if feed.path not in OWN_PATHS}
    return tuple(by_path.values())


def _extended(known: AcceptedSchema | None, schema: RecordSchema, kind: KindPlugin) -> AcceptedSchema:
    """Return what is accepted of a type with the attributes of one more kind."""
    attributes = (*schema.attributes.values(), *schema.constants)
    required = {schema.attributes[name] for name in kind.kind.required if name in schema.attributes}
    lists = frozenset(schema.attributes[name] for name in schema.lists)
    if known is not None:
        return known.extended(attributes, lists)
    return AcceptedSchema.of_attributes(attributes, required, lists)
