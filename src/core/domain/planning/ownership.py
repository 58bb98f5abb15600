"""Which kind a record in the destination belongs to, where several kinds are one type of record there (rule 44).

A record belongs to the kind as which it was sent: its synced record says so, or else the intent to create it. Where
neither exists, it is unclaimed, and belongs to the first kind that needs it. The other kinds never write it.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from core.domain.ids import SourceId
from core.domain.records.kinds import KINDS, RecordKind


@dataclass(slots=True)
class Ownership:
    """The kinds as which records were sent. Only what differs from the obvious is kept: most groups have one kind."""

    intended: Mapping[str, AbstractSet[SourceId]] = field(default_factory=dict)
    """Creates whose result was not recorded, by the kind's name."""
    stored: AbstractSet[str] = frozenset()
    """The names of all kinds of which something was sent to the event."""
    _owners: dict[str, dict[SourceId, str]] = field(default_factory=dict)
    _names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _only: dict[str, str | None] = field(default_factory=dict)
    """The one installed kind of a group; None if there are several."""

    def names(self, group: str) -> tuple[str, ...]:
        """Return the names of the kinds whose records can be in a group.

        The group of a kind that is not installed any more is unknown, so it can be any.
        """
        if group not in self._names:
            installed = {kind.name for kind in KINDS}
            removed = (self.stored | self.intended.keys()) - installed
            own = (kind.name for kind in KINDS.sharing(group))
            self._names[group] = (*own, *sorted(removed))
        return self._names[group]

    def is_shared(self, group: str) -> bool:
        return len(self.names(group)) > 1

    def owner(self, group: str, source_id: SourceId) -> str | None:
        """Return the name of the kind to which a record belongs; None if it is unclaimed."""
        names = self.names(group)
        if len(names) > 1:
            if owner := self._owners.get(group, {}).get(source_id):
                return owner
            for name in names:
                if source_id in self.intended.get(name, ()):
                    return name
        return self._only_kind(group)

    def other(self, kind: RecordKind, source_id: SourceId) -> RecordKind | None:
        """Return the other kind to which a record belongs, if it does."""
        owner = self.owner(kind.group, source_id)
        return None if owner in (None, kind.name) else KINDS.named(owner or "")

    def note(self, group: str, source_id: SourceId, name: str) -> None:
        """Note as which kind a record was sent, unless that is known."""
        if self.is_shared(group):
            self._owners.setdefault(group, {}).setdefault(source_id, name)

    def take(self, kind: RecordKind, source_id: SourceId) -> None:
        """Note that a record is sent as this kind now."""
        if self.is_shared(kind.group):
            self._owners.setdefault(kind.group, {})[source_id] = kind.name

    def _only_kind(self, group: str) -> str | None:
        if group not in self._only:
            kinds = KINDS.sharing(group)
            self._only[group] = kinds[0].name if len(kinds) == 1 else None
        return self._only[group]
