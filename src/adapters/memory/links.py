"""Links written back into the source, in memory."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from adapters.memory.store import InMemoryStore, check
from core.domain.ids import MappingId, OrganizationId, RunId, SourceId
from core.domain.links.link_homes import HolderType
from core.domain.links.link_outcomes import LinkCounts, LinkOutcome, LinkResult, count_links
from core.domain.links.write_back import WrittenLink
from core.domain.links.write_quota import WriteQuota
from core.domain.records.kinds import RecordKind
from core.domain.records.search import RecordSearch
from ports.store.links import LinkPlace
from ports.store.pages import Page


class InMemoryWrittenLinks:
    def __init__(self, store: InMemoryStore) -> None:
        self._store = store
        self._rows = store.written_links

    async def find(
        self, place: LinkPlace, record_ids: Collection[SourceId]
    ) -> Mapping[SourceId, WrittenLink]:
        return {
            record_id: self._rows[place, record_id][0]
            for record_id in record_ids
            if (place, record_id) in self._rows
        }

    async def save(self, place: LinkPlace, links: Collection[WrittenLink]) -> None:
        for link in links:
            check(holds=place.organization_id in self._store.organizations)
            known, has_echo = self._rows.get((place, link.record_id), (None, False))
            is_new_write = known is None or known.written_at != link.written_at
            self._rows[place, link.record_id] = link, is_new_write or has_echo

    async def take_echo(
        self,
        organization_id: OrganizationId,
        holder: HolderType,
        record_id: SourceId,
        values: Mapping[str, str],
        since: datetime,
    ) -> bool:
        for (place, each), (link, has_echo) in self._rows.items():
            if (place.organization_id, place.holder, each) != (organization_id, holder, record_id):
                continue
            is_recent, held = (
                link.written_at is not None and link.written_at >= since,
                values.get(place.field),
            )
            if has_echo and is_recent and held and link.is_ours(held):
                self._rows[place, each] = link, False
                return True
        return False


class InMemoryLinkOutcomes:
    def __init__(self, store: InMemoryStore) -> None:
        self._store = store
        self._rows = store.link_outcomes

    async def add(self, mapping_id: MappingId, run_id: RunId, results: Sequence[LinkResult]) -> None:
        check(holds=run_id in self._store.runs and mapping_id in self._store.mappings)
        self._add(mapping_id, run_id, results)

    async def replace_latest(self, mapping_id: MappingId, results: Sequence[LinkResult]) -> None:
        check(holds=mapping_id in self._store.mappings)
        for position, (of_mapping, run_id, _) in [*self._rows.items()]:
            if of_mapping == mapping_id and run_id is None:
                del self._rows[position]
        self._add(mapping_id, None, results)

    def _add(self, mapping_id: MappingId, run_id: RunId | None, results: Sequence[LinkResult]) -> None:
        for result in results:
            self._rows[self._store.next_position()] = mapping_id, run_id, result

    async def counts(self, run_id: RunId) -> LinkCounts:
        return count_links(result.outcome for _, of_run, result in self._rows.values() if of_run == run_id)

    async def page(
        self,
        run_id: RunId,
        *,
        only: Collection[LinkOutcome] = (),
        search: str = "",
        start: int = 0,
        limit: int = 50,
    ) -> Page[LinkResult]:
        query = RecordSearch(search)
        matching = [
            (position, result)
            for position, (_, of_run, result) in self._rows.items()
            if of_run == run_id
            and position > start
            and (not only or result.outcome in only)
            and query.fits(result.label, None, result.source_id)
        ]
        chosen = matching[:limit]
        next_start = chosen[-1][0] if chosen else start
        return Page([result for _, result in chosen], next_start if len(matching) > limit else None)

    async def latest(
        self, mapping_id: MappingId, source_ids: Collection[SourceId]
    ) -> Mapping[tuple[RecordKind, SourceId], Sequence[LinkResult]]:
        newest = {
            (result.kind, result.source_id, result.holder): result
            for of_mapping, _, result in self._rows.values()
            if of_mapping == mapping_id and result.source_id in source_ids
        }
        found: dict[tuple[RecordKind, SourceId], list[LinkResult]] = {}
        for (kind, source_id, _), result in newest.items():
            found.setdefault((kind, source_id), []).append(result)
        return found


class InMemoryWriteQuotas:
    def __init__(self, store: InMemoryStore) -> None:
        self._rows = store.write_quotas

    async def get(self, token: str) -> WriteQuota:
        return self._rows.get(token, WriteQuota())

    async def save(self, token: str, quota: WriteQuota) -> None:
        self._rows[token] = quota


class InMemoryFieldOrders:
    def __init__(self, store: InMemoryStore) -> None:
        self._store = store
        self._rows = store.field_orders

    async def add(self, place: LinkPlace, at: datetime) -> None:
        check(holds=place.organization_id in self._store.organizations)
        self._rows[place] = at

    async def get(self, place: LinkPlace) -> datetime | None:
        return self._rows.get(place)

    async def remove(self, place: LinkPlace) -> None:
        self._rows.pop(place, None)
