"""Shared e-mails: two people with the same one do not both go (rule 15)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from core.domain import reasons
from core.domain.email import same_mailbox
from core.domain.identifiers import SourceId
from core.domain.reasons import Reason
from core.domain.selection import UNDATED
from core.domain.source import Person, is_id


@dataclass(frozen=True, slots=True)
class SharedEmails:
    """Judges the people of one kind who go, by their e-mails."""

    going: Mapping[SourceId, Person]
    holders: Mapping[str, SourceId]
    """For an e-mail (as `same_mailbox` writes it), whom we sent to Gleanin with it."""

    def rivals(self) -> dict[SourceId, Reason]:
        """Find who stays out because somebody else goes with the same e-mail.

        Who is in Gleanin already goes on; among the others the older one goes.
        """
        rivals = {}
        for email, sharers in self._by_email().items():
            holder = self.holders.get(email)
            goes = min(
                sharers, key=lambda person: (person.id != holder, person.created_at or UNDATED, person.id)
            )
            for person in sharers:
                if person is not goes:
                    rivals[person.id] = reasons.same_email(goes.label, person.label, email)
        return rivals

    def moving(self, eligible: Callable[[SourceId], bool]) -> dict[SourceId, str]:
        """Tell who will give up an e-mail held in Gleanin, and for which one (as `same_mailbox` writes it)."""
        rivals, moving = self.rivals(), {}
        for former, source_id in self.holders.items():
            mailbox = self._mailbox(source_id)
            if mailbox and mailbox != former and source_id not in rivals and eligible(source_id):
                moving[source_id] = mailbox
        return moving

    def _mailbox(self, source_id: SourceId) -> str | None:
        person = self.going.get(source_id)
        return same_mailbox(person.email) if person and person.email else None

    def _by_email(self) -> dict[str, list[Person]]:
        by_email: dict[str, list[Person]] = {}
        for person in self.going.values():
            if person.email and person.email.strip():
                by_email.setdefault(same_mailbox(person.email), []).append(person)
        return by_email


def identified(people: Iterable[Person]) -> dict[SourceId, Person]:
    """Leave out whoever came without an id: they cannot be synced, so they take no e-mail from anybody."""
    return {person.id: person for person in people if is_id(person.id)}
