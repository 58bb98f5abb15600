"""E-mail conflicts: of two people with the same e-mail, only one is synced (rule 15)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from core.domain.email import normalize_email
from core.domain.ids import SourceId
from core.domain.records import reasons
from core.domain.records.reasons import Reason
from core.domain.records.source_records import Person, is_id
from core.domain.selection.candidates import UNDATED
from core.domain.systems import Systems


@dataclass(frozen=True, slots=True)
class EmailConflicts:
    """Finds conflicts among the people of one kind who would sync, by their normalized e-mails."""

    people: Callable[[], Iterable[Person]]
    """Returns all of them; called repeatedly, because there are too many to keep in memory."""
    held: Mapping[SourceId, str]
    """The e-mail that each person we sent has in the destination."""
    can_go: Callable[[SourceId], bool]
    """Checks whether a person is eligible apart from conflicts; others do not claim an e-mail."""

    systems: Systems

    def resolve(self) -> tuple[dict[SourceId, Reason], dict[SourceId, str]]:
        """Return who is blocked because another person has the same e-mail, and who changes to which e-mail.

        Who is in the destination with an e-mail already goes on with it; among the others the older one goes.
        """
        shared, changed = self._look()
        email_conflicts: dict[SourceId, Reason] = {}
        for email, sharers in shared.items():
            ranked = sorted(sharers, key=lambda person: self._rank(person, email))
            goes = next((person for person in ranked if self.can_go(person.id)), None)
            if goes is not None:
                others = (person for person in sharers if person is not goes)
                email_conflicts |= {
                    other.id: reasons.same_email(goes.label, other.label, other.email or email, self.systems)
                    for other in others
                }
        email_changes = {
            source_id: email
            for source_id, email in changed.items()
            if source_id not in email_conflicts and self.can_go(source_id)
        }
        return email_conflicts, email_changes

    def _rank(self, person: Person, email: str) -> tuple[bool, datetime, SourceId]:
        return self.held.get(person.id) != email, person.created_at or UNDATED, person.id

    def _look(self) -> tuple[dict[str, list[Person]], dict[SourceId, str]]:
        """Return who shares an e-mail with another person, and whose e-mail differs from the destination.

        Most share none; of their e-mails no more than a number is kept.
        """
        seen, shared, changed = set[int](), dict[str, list[Person]](), dict[SourceId, str]()
        for person in self._identified():
            if not person.email:
                continue
            mailbox = normalize_email(person.email)
            if hash(mailbox) in seen:
                shared[mailbox] = []
            seen.add(hash(mailbox))
            if self.held.get(person.id, mailbox) != mailbox:
                changed[person.id] = mailbox
        for person in self._identified() if shared else ():
            mailbox = normalize_email(person.email) if person.email else ""
            if mailbox in shared:
                shared[mailbox].append(person)
        return {mailbox: sharers for mailbox, sharers in shared.items() if len(sharers) > 1}, changed

    def _identified(self) -> Iterator[Person]:
        """Yield the people with an id; the others cannot be synced, so they claim no e-mail."""
        return (person for person in self.people() if is_id(person.id))
