"""Webhooks that tell of our own write: they are no change that starts a sync (rule 38)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from core.domain.ids import SourceId
from core.domain.links.link_homes import HolderType

ECHO_WINDOW = timedelta(minutes=15)
"""How long after a write its echo may come. Each write has one; a second one within this time tells of something else."""


@dataclass(frozen=True, slots=True)
class HintedRecord:
    """A record that was updated, as a webhook describes it."""

    holder: HolderType
    id: SourceId
    custom_fields: Mapping[str, str]
    """What they hold now, by their internal names."""
