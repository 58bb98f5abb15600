"""The programme: all that was read from Sessionboard for one run, as candidates of each kind.

A new kind of record gets its selection here.
"""

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeVar

from core.domain.agenda import Agenda
from core.domain.exhibitors import ExhibitorList
from core.domain.gleanin_side import GleaninSide
from core.domain.identifiers import SourceId
from core.domain.kinds import EXHIBITOR_CONTACT, SESSION, SPEAKER, RecordKind
from core.domain.selection import Candidate

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Selection:
    """What one kind's selection offers to everything that is written once for all kinds."""

    size: int
    candidates: Callable[[], Iterator[Candidate]]
    moving: Mapping[SourceId, str]


@dataclass(slots=True)
class Programme:
    agenda: Agenda | None
    """None where the run's scope has no agenda."""
    exhibitors: ExhibitorList | None

    @property
    def masked(self) -> str | None:
        """An e-mail that came masked, if one did (rule 16)."""
        return next((part.masked for part in (self.agenda, self.exhibitors) if part and part.masked), None)

    def select(
        self,
        kind: RecordKind,
        gleanin: GleaninSide,
        ties: Mapping[SourceId, str],
        barred_people: AbstractSet[SourceId],
    ) -> Selection:
        """Select one kind's records.

        Args:
            gleanin: says who has which e-mail there.
            ties: what stands in Gleanin for each session that a person can be tied to.
            barred_people: speakers who may not be written any more (rule 10).
        """
        chosen = {SESSION: self._sessions, SPEAKER: self._speakers, EXHIBITOR_CONTACT: self._contacts}[kind]
        return chosen(gleanin, ties, barred_people)

    def _sessions(
        self, _gleanin: GleaninSide, _ties: Mapping[SourceId, str], barred: AbstractSet[SourceId]
    ) -> Selection:
        agenda = _read(self.agenda)
        return Selection(len(agenda.sessions), lambda: agenda.session_candidates(barred), {})

    def _speakers(
        self, gleanin: GleaninSide, ties: Mapping[SourceId, str], _barred: AbstractSet[SourceId]
    ) -> Selection:
        agenda, holders = _read(self.agenda), gleanin.holders(SPEAKER)
        held = {source_id: email for email, source_id in holders.items()}
        return Selection(agenda.size, lambda: agenda.speakers(ties, holders), agenda.moving(held))

    def _contacts(
        self, gleanin: GleaninSide, _ties: Mapping[SourceId, str], _barred: AbstractSet[SourceId]
    ) -> Selection:
        exhibitors, holders = _read(self.exhibitors), gleanin.holders(EXHIBITOR_CONTACT)
        held = {source_id: email for email, source_id in holders.items()}
        return Selection(exhibitors.size, lambda: exhibitors.contacts(holders), exhibitors.moving(held))


def _read(part: T | None) -> T:
    if part is None:
        message = "this kind of record is outside the run's scope"
        raise ValueError(message)
    return part
