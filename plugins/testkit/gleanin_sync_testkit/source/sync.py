"""Syncs of the product with the source: what its readings lead to in the end."""

import asyncio
import unicodedata
from functools import partial
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.domain.records.feeds import EXHIBITORS, SESSIONS
from core.domain.records.kinds import KINDS, SESSION
from core.domain.records.outcomes import Outcome
from core.domain.records.source_records import Session
from core.domain.runs.run import RunState
from gleanin_sync_testkit.product import Product
from gleanin_sync_testkit.product_systems import source_of
from gleanin_sync_testkit.requirements import requirement
from gleanin_sync_testkit.source.base import SourceTests
from gleanin_sync_testkit.source.system import System
from gleanin_sync_testkit.source.totals import add_to_total
from gleanin_sync_testkit.wire import Answer, Fault
from ports.plugins import SourcePlugin

GONE = "not_in_sessionboard"
"""The code of the reason for a record that has left the programme."""
MANY_REQUESTS = 1_000_000
SIGNED = "https://img.example.org/{}.png?Expires={}&Signature={}"


class SyncTests(SourceTests):
    @requirement("Syncs: the first sends everything, and the second writes nothing", rule=21)
    async def test_second_sync_writes_nothing(self, system: System) -> None:
        product = self._product(system)
        put = system.put(SESSIONS, system.examples.varied_sessions(with_masked=False))
        if system.capabilities.has_exhibitors:
            system.put(EXHIBITORS, system.examples.exhibitors(3))
        first = await product.sync()
        created = first.number(Outcome.CREATED)
        assert created, f"The first sync created nothing: {first.run.message}"
        assert first.by_id(SESSION).keys() >= {row.id for row in put}
        prefix = f"{product.source.opener.system.identifier}:"
        ids = [record.external_id for kind in KINDS for record in product.stored(kind).values()]
        assert all(str(external_id).startswith(prefix) for external_id in ids), (
            f"Ids begin with {prefix}: {ids}"
        )
        second = await product.sync()
        assert (second.writes, second.number(Outcome.UNCHANGED)) == (0, created), (
            f"Nothing was edited, but a second sync writes {second.writes} records: {second.run.message}"
        )

    @requirement("Syncs: signatures, the order of lists and normal forms are no change", rule=21)
    async def test_noise_is_no_change(self, system: System) -> None:
        product, examples = self._product(system), system.examples

        def rows(form: str, at: int) -> list[Session]:
            title = unicodedata.normalize("NFC" if not at else "NFD", f"Größe {form}")
            person = examples.person(1, headshot=SIGNED.format(1, at, f"a{at}"))
            tags = ("Beginners", "Web")[:: -1 if at else 1]
            return [examples.session(number, person, title=title, tags=tags) for number in (1, 2, 3)][
                :: -1 if at else 1
            ]

        system.put(SESSIONS, rows("ä", 0))
        await product.sync()
        system.put(SESSIONS, rows("ä", 1))
        again = await product.sync()
        assert again.writes == 0, f"What means nothing was written again: {again.run.message}"

    @requirement("Syncs: an edit is one update", rule=21)
    async def test_edit_is_one_update(self, system: System) -> None:
        product, ada = self._product(system), system.examples.person(1)
        system.put_sessions(3)
        await product.sync()
        system.stand_in.put_row(
            system.event.id, SESSIONS.name, system.examples.session(2, ada, title="Edited")
        )
        updated = [
            outcome for outcome in (await product.sync()).outcomes if outcome.outcome is Outcome.UPDATED
        ]
        expected = system.stand_in.expected(system.examples.session(2, ada)).id
        assert [outcome.record.source_id for outcome in updated] == [expected], updated

    @requirement("Syncs: a row that is gone is kept, and nothing is removed", rule=22)
    async def test_gone_row_is_kept(self, system: System) -> None:
        product = self._product(system)
        put = system.put_sessions(3)
        await product.sync()
        before = {*product.stored(SESSION)}
        system.stand_in.remove_row(system.event.id, SESSIONS.name, system.examples.session(1).id)
        result = await product.sync()
        assert result.of(SESSION, put[0].id).outcome is Outcome.KEPT
        assert {*product.stored(SESSION)} == before
        assert result.writes == 0, "A row is gone, but others were written."

    @requirement(
        "Syncs: an incomplete reading reports nothing as gone", rule=34, needs=("tells_totals", "is_http")
    )
    async def test_incomplete_reading(self, system: System) -> None:
        product = self._product(system)
        system.put_sessions(3)
        await product.sync()
        system.stand_in.remove_row(system.event.id, SESSIONS.name, system.examples.session(1).id)
        system.rewrites = [partial(add_to_total, system, 1)]
        result = await product.sync()
        gone = [outcome.record.source_id for outcome in result.outcomes if outcome.reason.code == GONE]
        assert not gone, f"Not everything was read, but these are reported as gone: {gone}"
        assert result.run.state is not RunState.COMPLETED, f"The run ended as {result.run.state}."

    @requirement(
        "Syncs: a reading that breaks off removes nothing, and the next sync goes on", needs=("is_http",)
    )
    async def test_broken_reading(self, system: System) -> None:
        product = self._product(system)
        system.put_sessions(system.stand_in.page_size + 1 if system.capabilities.is_paged else 3)
        await product.start()
        for after in (0, 1, 2, 3):
            fault = Fault(Answer(status=500, body=b"odd"), after=after, times=None)
            system.wire.faults = [fault]
            result = await product.sync()
            if fault.met:
                assert result.run.state is not RunState.COMPLETED, (
                    f"A request failed, and the run is {result.run.state}."
                )
                assert not [outcome for outcome in result.outcomes if outcome.reason.code == GONE]
        system.heal()
        assert (await product.sync()).run.state is RunState.COMPLETED
        assert (await product.sync()).writes == 0

    @requirement("Syncs: whatever is in the source, sums balance and a second sync writes nothing", rule=26)
    def test_random_programmes(self, system: System) -> None:
        numbers = st.integers(1, 6)
        person = st.builds(
            lambda number, email, name: system.examples.person(number, email=email, first_name=name),
            numbers,
            st.sampled_from(("ada@example.org", "Ada@Example.org", "bob@example.org", "nobody", "", None)),
            st.sampled_from(("Ada", " Ada\u200b", "", None)),
        )
        session = st.builds(
            lambda number, people, title, status: system.examples.session(
                number, *{one.id: one for one in people}.values(), title=title, status=status
            ),
            numbers,
            st.lists(person, max_size=3),
            st.sampled_from(("Talk", "", None, "<b>")),
            st.sampled_from(("accepted", "declined", None)),
        )

        @settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[*HealthCheck])
        @given(st.lists(st.lists(session, max_size=4, unique_by=lambda row: row.id), min_size=1, max_size=2))
        def check(history: list[list[Session]]) -> None:
            asyncio.run(self._live(system, history))

        check()

    async def _live(self, system: System, history: list[list[Session]]) -> None:
        product, kept = self._product(system), set[Any]()
        for rows in history:
            system.put(SESSIONS, rows)
            await product.sync()
            stored = {record.external_id for kind in KINDS for record in product.stored(kind).values()}
            assert stored >= kept, f"Records were removed (rule 22): {kept - stored}"
            kept = stored
            again = await product.sync()
            assert again.writes == 0, f"Nothing was edited, but a second sync writes: {again.outcomes}"

    def _product(self, system: System) -> Product:
        """Return a product that reads the stand-in through the plug-in."""
        system.max_requests = MANY_REQUESTS
        stand_in = system.stand_in
        described = getattr(self, "plugin", None)
        identifier, name = (described.identifier, described.display_name) if described else ("kit", "Kit")
        plugin = SourcePlugin(identifier, name, lambda _, http: self.open_source(stand_in, http))
        return Product(
            source_of(
                plugin, system.wire.open_http(), system.event.id, url=stand_in.url, token=stand_in.token
            )
        )
