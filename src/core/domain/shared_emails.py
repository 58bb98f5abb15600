"""Shared e-mails: two people with the same one do not both go (rule 15)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from core.domain import reasons
from core.domain.email import same_mailbox
from core.domain.identifiers import SourceId
from core.domain.reasons import Reason
from core.domain.selection import UNDATED
from core.domain.source import Person, is_id


@dataclass(frozen=True, slots=True)
class SharedEmails:
    """Judges the people of one kind who would go, by their e-mails (as `same_mailbox` writes them)."""

    people: Callable[[], Iterable[Person]]
    """Gives all of them, each once: they are read anew each time, for they are many."""
    held: Mapping[SourceId, str]
    """Whom we sent to Gleanin, with the e-mail that each has there by our doing."""
    can_go: Callable[[SourceId], bool]
    """Tells whether nothing but a shared e-mail could keep somebody out: who cannot go takes none from anybody."""

    def rivals(self) -> dict[SourceId, Reason]:
        """Find who stays out because somebody else goes with the same e-mail.

        Who is in Gleanin with it already goes on; among the others the older one goes.
        """
        rivals: dict[SourceId, Reason] = {}
        for email, sharers in self._shared().items():
            ranked = sorted(sharers, key=lambda person: self._rank(person, email))
            goes = next((person for person in ranked if self.can_go(person.id)), None)
            if goes is not None:
                others = (person for person in sharers if person is not goes)
                rivals |= {
                    each.id: reasons.same_email(goes.label, each.label, each.email or email)
                    for each in others
                }
        return rivals

    def moving(self) -> dict[SourceId, str]:
        """Tell who will give up an e-mail, and for which other one."""
        rivals, moving = self.rivals(), dict[SourceId, str]()
        for person in self._identified():
            former = self.held.get(person.id)
            if former is None or not person.email:
                continue
            mailbox = same_mailbox(person.email)
            if mailbox != former and person.id not in rivals and self.can_go(person.id):
                moving[person.id] = mailbox
        return moving

    def _rank(self, person: Person, email: str) -> tuple[bool, datetime, SourceId]:
        return self.held.get(person.id) != email, person.created_at or UNDATED, person.id

    def _shared(self) -> dict[str, list[Person]]:
        """Return who shares an e-mail with somebody; most share none, and of them no more than a number is kept."""
        seen, shared = set[int](), dict[str, list[Person]]()
        for person in self._identified():
            if person.email:
                mailbox = same_mailbox(person.email)
                if hash(mailbox) in seen:
                    shared[mailbox] = []
                seen.add(hash(mailbox))
        for person in self._identified() if shared else ():
            mailbox = same_mailbox(person.email) if person.email else ""
            if mailbox in shared:
                shared[mailbox].append(person)
        return {mailbox: sharers for mailbox, sharers in shared.items() if len(sharers) > 1}

    def _identified(self) -> Iterator[Person]:
        """Leave out whoever came without an id: they cannot be synced, so they take no e-mail from anybody."""
        return (person for person in self.people() if is_id(person.id))
