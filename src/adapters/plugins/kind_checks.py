"""Checks what a plug-in's kind is made of, before it is registered."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from core.domain.records.feeds import Feed
from core.domain.records.kind_settings import KindSetting
from core.domain.records.kinds import ALL
from ports.plugins import KindPlugin

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_SCOPE = re.compile(r"[a-z][a-z0-9-]{0,59}")
TAKEN_SCOPES = frozenset({ALL, "preview", "sync"})
"""Names that mean something else on the command line or in the addresses of an event's pages."""


def check_kind(plugin: KindPlugin) -> None:
    """Check what a kind brings.

    Raises:
        ValueError: something of it has another type or form than it must have.
    """
    for problem in (*_problems_of(plugin.kind), *_problems_of_plugin(plugin)):
        raise ValueError(problem)


def _problems_of(kind: Any) -> Iterator[str]:
    if not _NAME.fullmatch(kind.name):
        yield f"its name {kind.name!r:.60} is not made of small letters, digits and underscores"
    if not _SCOPE.fullmatch(kind.scope) or kind.scope in TAKEN_SCOPES:
        yield f"its scope {kind.scope!r:.60} is taken, or is not made of small letters, digits and hyphens"
    if not (kind.plural and kind.singular):
        yield "it has no words for its records"
    if not isinstance(kind.feed, Feed):
        yield "its feed is no Feed"
    if not all(isinstance(name, str) for name in kind.fields):
        yield "the names of its fields are no texts"
    if not all(isinstance(setting, KindSetting) for setting in kind.settings):
        yield "its settings are no KindSettings"
    elif len({setting.name for setting in kind.settings}) < len(kind.settings):
        yield "two of its settings have one name"


def _problems_of_plugin(plugin: KindPlugin) -> Iterator[str]:
    for name in ("readers", "schemas", "webhooks", "sandbox_rows", "link_homes"):
        if not isinstance(getattr(plugin, name), Mapping):
            yield f"its {name} are no mapping"
    if plugin.link_homes and not plugin.kind.is_person:
        yield "it has homes for links, which only people have"
    settings = {getattr(setting, "name", "") for setting in plugin.kind.settings}
    for column in plugin.columns:
        if column.setting and column.setting not in settings:
            yield f"the column {column.heading!r:.60} depends on a setting {column.setting!r:.60}, which it does not have"
