"""Which link each record of the source should hold, and what to do about what it holds (rule 38)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from core.domain.ids import SourceId
from core.domain.links import link_reasons
from core.domain.links.link_homes import HolderType, LinkHome
from core.domain.links.link_outcomes import LinkOutcome, LinkResult
from core.domain.records.kinds import RecordKind
from core.domain.records.reasons import Reason
from core.domain.records.synced_records import ShareLink
from core.domain.systems import ExternalSystem


@dataclass(frozen=True, slots=True)
class LinkedPerson:
    """A synced person who has links."""

    source_id: SourceId
    label: str
    links: tuple[ShareLink, ...]


@dataclass(frozen=True, slots=True)
class LinkHolder:
    """A record of the source as it was read: what its field holds, and what guards it."""

    id: SourceId
    value: str | None
    guard: str
    """The record's version, exactly as read; a write that names it fails once the record has changed."""
    label: str = ""
    is_masked: bool = False
    """Whether the source hides the value."""
    primary: SourceId | None = None
    """The primary contact of a company."""

    @property
    def content(self) -> str:
        """Return what the field holds, without blanks around it; empty if it holds nothing."""
        return (self.value or "").strip()


@dataclass(frozen=True, slots=True)
class WrittenLink:
    """What we know to have written, or may have written, into the field of a record."""

    holder: HolderType
    record_id: SourceId
    value: str = ""
    pending: str = ""
    """What was about to be sent last; the field may have it, or not."""
    written_at: datetime | None = None
    """When the latest write was about to be sent."""

    def is_ours(self, value: str) -> bool:
        return value in (self.value, self.pending)

    def about_to_write(self, held: str, url: str, at: datetime) -> "WrittenLink":
        """Return the memory as it must be stored before a write, given what the field holds."""
        return replace(self, value=held, pending=url, written_at=at)

    def arrived(self) -> "WrittenLink":
        return replace(self, value=self.pending, pending="")


@dataclass(frozen=True, slots=True)
class WantedLink:
    """The link that one record of the source should hold."""

    kind: RecordKind
    holder: HolderType
    record_id: SourceId
    label: str
    url: str

    def result(self, outcome: LinkOutcome, reason: Reason, *, is_final: bool = True) -> LinkResult:
        return LinkResult(
            self.kind, self.record_id, self.label, self.holder, outcome, reason, self.url, is_final
        )


@dataclass(slots=True)
class WantedLinks:
    """The links of all people, each claimed for the record that should hold it."""

    source: ExternalSystem
    campaign: str = ""
    """The id of the chosen campaign; empty if none was chosen."""
    of_people: dict[HolderType, dict[SourceId, WantedLink]] = field(default_factory=dict)
    companies: dict[HolderType, RecordKind] = field(default_factory=dict)
    """The types of companies, and the kind of their contacts."""
    contacts: dict[str, dict[SourceId, WantedLink]] = field(default_factory=dict)
    """The links of companies' contacts by the kind's group: whoever was sent as another kind of it has one link."""
    decided: list[LinkResult] = field(default_factory=list)
    """Those that need no reading."""

    def claim(self, kind: RecordKind, home: LinkHome, people: Iterable[LinkedPerson]) -> None:
        """Add the links of one kind; kinds that are added earlier go first."""
        claimed = self.of_people.setdefault(home.person, {})
        if home.company is not None:
            self.companies.setdefault(home.company, kind)
        for person in people:
            wanted = WantedLink(kind, home.person, person.source_id, person.label, "")
            link = link_of(person.links, self.campaign)
            if link is None:
                continue
            if isinstance(link, Reason):
                self.decided.append(wanted.result(LinkOutcome.FAILED, link))
                continue
            wanted = replace(wanted, url=link.url)
            if home.company is not None:
                self.contacts.setdefault(kind.group, {}).setdefault(person.source_id, wanted)
            other = claimed.setdefault(person.source_id, wanted)
            if other is not wanted:
                reason = (
                    link_reasons.as_it_was(self.source)
                    if other.url == wanted.url
                    else link_reasons.goes_as(other.kind)
                )
                self.decided.append(wanted.result(LinkOutcome.UNCHANGED, reason))

    def of_company(self, holder: HolderType, company: LinkHolder) -> WantedLink | None:
        """Return the link that a company should hold: its primary contact's."""
        kind = self.companies[holder]
        contact = self.contacts.get(kind.group, {}).get(company.primary) if company.primary else None
        if contact is None:
            return None
        return WantedLink(kind, holder, company.id, company.label or company.id, contact.url)


def link_of(links: Sequence[ShareLink], campaign: str) -> ShareLink | Reason | None:
    """Return the link to write back, the reason why that cannot be told, or None if there is none yet."""
    if campaign:
        return next((link for link in links if link.campaign == campaign), None)
    urls = {link.url for link in links}
    if len(urls) > 1:
        return link_reasons.several_campaigns()
    return links[0] if links else None


def decide(
    wanted: WantedLink, held: LinkHolder, written: WrittenLink | None, source: ExternalSystem
) -> LinkResult | None:
    """Return what becomes of a link; None if it has to be written.

    Only a value that is empty or was written by us is replaced.
    """
    if held.content == wanted.url:
        return wanted.result(LinkOutcome.UNCHANGED, link_reasons.as_it_was(source))
    if held.is_masked:
        return wanted.result(LinkOutcome.KEPT, link_reasons.masked(source))
    if held.content and not (written is not None and written.is_ours(held.content)):
        return wanted.result(LinkOutcome.KEPT, link_reasons.entered_by_somebody(source))
    return None


def campaigns_of(people: Iterable[LinkedPerson]) -> Mapping[str, str]:
    """Return the titles of all campaigns that people have links of, by the campaign's id."""
    return {link.campaign: link.title for person in people for link in person.links if link.campaign}
