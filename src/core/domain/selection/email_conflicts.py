"""Shared e-mails: two people with the same one do not both go (rule 15)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from core.domain.email import normalize_email
from core.domain.ids import SourceId
from core.domain.records import reasons
from core.domain.records.reasons import Reason
from core.domain.records.source_records import Person, is_id
from core.domain.selection.candidates import UNDATED


@dataclass(frozen=True, slots=True)
class EmailConflicts:
    """Judges the people of one kind who would go, by their e-mails (as `same_mailbox` writes them)."""

    people: Callable[[], Iterable[Person]]
    """Gives all of them, each once: they are read anew each time, for they are many."""
    held: Mapping[SourceId, str]
    """Whom we sent to Gleanin, with the e-mail that each has there by our doing."""
    can_go: Callable[[SourceId], bool]
    """Tells whether nothing but a shared e-mail could keep somebody out: who cannot go takes none from anybody."""

    def judge(self) -> tuple[dict[SourceId, Reason], dict[SourceId, str]]:
        """Find who stays out because somebody else goes with the same e-mail; and who moves to which other e-mail.

        Who is in Gleanin with an e-mail already goes on with it; among the others the older one goes.
        """
        shared, changed = self._look()
        email_conflicts: dict[SourceId, Reason] = {}
        for email, sharers in shared.items():
            ranked = sorted(sharers, key=lambda person: self._rank(person, email))
            goes = next((person for person in ranked if self.can_go(person.id)), None)
            if goes is not None:
                others = (person for person in sharers if person is not goes)
                email_conflicts |= {
                    each.id: reasons.same_email(goes.label, each.label, each.email or email)
                    for each in others
                }
        email_changes = {
            who: email for who, email in changed.items() if who not in email_conflicts and self.can_go(who)
        }
        return email_conflicts, email_changes

    def _rank(self, person: Person, email: str) -> tuple[bool, datetime, SourceId]:
        return self.held.get(person.id) != email, person.created_at or UNDATED, person.id

    def _look(self) -> tuple[dict[str, list[Person]], dict[SourceId, str]]:
        """Return who shares an e-mail with somebody, and who has another one than in Gleanin.

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
        """Leave out whoever came without an id: they cannot be synced, so they take no e-mail from anybody."""
        return (person for person in self.people() if is_id(person.id))
