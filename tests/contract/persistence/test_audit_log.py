"""The audit log, in every store."""

from dataclasses import replace

from core.domain.access.audit import Action, AuditEntry
from core.domain.ids import OrganizationId
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.store_samples import NOW, ORGANIZATION, committing

OTHER = OrganizationId("org2")


def _entry(what: str, organization: OrganizationId | None = ORGANIZATION) -> AuditEntry:
    return AuditEntry(NOW, "ada@example.org", Action.MAPPED, organization, what)


async def _add(units: UnitOfWorkFactory, *entries: AuditEntry) -> None:
    async with committing(units) as unit:
        for entry in entries:
            await unit.audit.add(entry)


async def test_entries_are_listed_newest_first_with_their_positions(units: UnitOfWorkFactory) -> None:
    entries = [
        replace(_entry("PyConFR to PyConFR 2027 🐍"), action=action, by="API key Desk") for action in Action
    ]
    await _add(units, *entries)
    async with units.read() as unit:
        found = await unit.audit.page(ORGANIZATION)
    assert [replace(entry, position=0) for entry in found] == entries[::-1]
    positions = [entry.position for entry in found]
    assert positions == sorted(positions, reverse=True)
    assert min(positions) > 0


async def test_an_organization_lists_its_entries_and_the_installation_all(
    units: UnitOfWorkFactory,
) -> None:
    await _add(units, _entry("1"), _entry("2", OTHER), _entry("3", None), _entry("4"))
    async with units.read() as unit:
        assert [entry.what for entry in await unit.audit.page(ORGANIZATION)] == ["4", "1"]
        assert [entry.what for entry in await unit.audit.page(OTHER)] == ["2"]
        assert [entry.what for entry in await unit.audit.page(None)] == ["4", "3", "2", "1"]
        assert await unit.audit.page(OrganizationId("none")) == []


async def test_the_log_is_read_page_by_page_while_it_grows(units: UnitOfWorkFactory) -> None:
    await _add(units, *(_entry(str(number)) for number in range(120)), _entry("theirs", OTHER))
    seen: list[str] = []
    before = None
    while True:
        async with units.read() as unit:
            page = await unit.audit.page(ORGANIZATION, before, 50)
        if not page:
            break
        assert len(page) <= 50
        seen += [entry.what for entry in page]
        before = page[-1].position
        await _add(units, _entry("meanwhile"))
    assert seen == [str(number) for number in range(120)][::-1]


async def test_a_page_has_at_most_fifty_entries_by_default(units: UnitOfWorkFactory) -> None:
    await _add(units, *(_entry(str(number)) for number in range(60)))
    async with units.read() as unit:
        assert len(await unit.audit.page(None)) == 50
        assert len(await unit.audit.page(None, limit=55)) == 55
