"""An event whose people have share links, and a source that takes them."""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.memory.link_writer import CONTACTS, EXHIBITORS, InMemoryLinkHolders
from core.domain.links.link_homes import HolderType, LinkField
from core.domain.links.link_outcomes import LinkOutcome, LinkResult
from core.domain.records.kinds import RecordKind
from core.domain.records.synced_records import ShareLink
from core.domain.runs.run import SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.links.queries import LinkOutcomesQuery, ListLinkOutcomes
from core.usecases.mappings.change_settings import SettingsChange
from core.usecases.shared.link_fields import LinkChange
from tests.support.builders import exhibitor, member, on, person, primary, session
from tests.support.harness import Harness

FIELD, COMPANY_FIELD = "gleanin_link", "company_link"
WRITTEN, UNCHANGED, KEPT, FAILED = LinkOutcome


@dataclass(frozen=True, slots=True)
class LinkedEvent:
    """A session with two speakers, and an exhibitor with a primary contact and a member."""

    harness: Harness
    mapping: EventMapping

    @property
    def source(self) -> InMemoryLinkHolders:
        return self.harness.link_writers.source

    def field(self, record_id: str, holder: HolderType = CONTACTS) -> str | None:
        name = FIELD if holder == CONTACTS else COMPANY_FIELD
        return self.source.value(holder, record_id, name)

    def link(self, kind: RecordKind, record_id: str) -> str:
        """Return the link that a person has in the destination."""
        (link,) = self.harness.the(self.mapping, kind, record_id).links or ()
        return link.url

    def give(self, kind: RecordKind, record_id: str, *links: ShareLink) -> None:
        """Replace the links that a person has in the destination."""
        self.harness.the(self.mapping, kind, record_id).links = links

    async def choose(
        self, field: str | None = FIELD, company_field: str | None = None, campaign: str | None = None
    ) -> None:
        change = SettingsChange(self.mapping.id, links=LinkChange(field, company_field, campaign))
        await self.harness.change_settings(change)

    async def results(self, run: SyncRun) -> dict[str, LinkResult]:
        """Return a run's results by kind and id."""
        page = await ListLinkOutcomes(self.harness.units)(LinkOutcomesQuery(run, limit=500))
        return by_record(page.items)

    async def sync(self) -> dict[str, LinkResult]:
        return await self.results(await self.harness.sync(self.mapping))

    def forget_requests(self) -> None:
        self.source.requests.clear()
        self.source.pages_read = 0


def by_record(results: Sequence[LinkResult]) -> dict[str, LinkResult]:
    found = {f"{result.kind.name}:{result.source_id}": result for result in results}
    assert len(found) == len(results), "one result for each link"
    return found


def outcomes(results: dict[str, LinkResult]) -> dict[str, LinkOutcome]:
    return {key.partition(":")[2]: result.outcome for key, result in results.items()}


async def linked_event(harness: Harness) -> LinkedEvent:
    """Map and sync the event; its links are not written back yet."""
    mapping = await harness.mapping()
    acme = exhibitor("acme", primary(person("eve")), member(person("max")))
    harness.offer(session("opening", on(person("ada")), on(person("bob"))), exhibitors=(acme,))
    source = harness.link_writers.source
    source.add(CONTACTS, "ada", "bob", "eve", "max", "nobody")
    source.add(EXHIBITORS, "acme", primary="eve")
    source.fields = {
        CONTACTS: [LinkField(FIELD, "Gleanin Link"), LinkField("other", "Other")],
        EXHIBITORS: [LinkField(COMPANY_FIELD, "Company Link")],
    }
    await harness.sync(mapping)
    return LinkedEvent(harness, mapping)
