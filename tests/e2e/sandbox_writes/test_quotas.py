"""Limits of writes: requests per 15 minutes and kind, and operations per day."""

import pytest

from entrypoints.sandbox.state import SandboxState
from entrypoints.sandbox.write_quotas import SandboxQuotas
from tests.e2e.sandbox_writes.conftest import Clock
from tests.support.source_writer import SourceWriter, operation, values_in

URL = "https://x.example/1"


async def test_writes_tell_how_many_are_left(source: SourceWriter, clock: Clock) -> None:
    first = await source.set_link("person-1", URL)
    clock.at += 60
    second = await source.bulk([operation("person-1"), operation("person-2")])
    limits = [
        tuple(answer.headers[f"RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset"))
        for answer in (first, second)
    ]
    assert limits == [("100", "99", "900"), ("100", "98", "840")]


async def test_the_request_beyond_the_limit_is_refused_until_the_window_ends(
    source: SourceWriter, state: SandboxState, clock: Clock
) -> None:
    for _ in range(100):
        assert (await source.bulk([])).status_code == 200
    clock.at += 300
    refused = await source.set_link("person-1", URL)
    assert refused.status_code == 429
    assert refused.json() == {
        "error": "TooManyRequestsError",
        "message": "You have made too many requests. Please wait.",
    }
    assert refused.headers["Retry-After"] == refused.headers["RateLimit-Reset"] == "600"
    assert values_in(await source.record("person-1"))["gleanin_link"] is None
    assert state.sessionboard.log.requests == {"POST /contacts/bulk": 100}
    clock.at += 600
    assert (await source.set_link("person-1", URL)).status_code == 200


async def test_each_kind_has_a_limit_of_its_own(source: SourceWriter, state: SandboxState) -> None:
    state.sessionboard.quotas.requests = 1
    new = {"name": "New", "type": "text", "module_id": "contact"}
    for status in (200, 429):
        for path in ("contacts", "exhibitors", "sponsors"):
            assert (await source.bulk([], path)).status_code == status
        assert (await source.create_field(**new)).status_code == status
    assert (
        len([row for row in await source.search("fields", "pageSize=100") if row["public_name"] == "New"])
        == 1
    )


async def test_searches_are_not_limited(source: SourceWriter, state: SandboxState) -> None:
    state.sessionboard.quotas.requests = 0
    for _ in range(3):
        assert len(await source.search()) == 5
        await source.search("fields")


async def test_the_days_operations_are_counted_one_by_one_over_all_kinds(
    source: SourceWriter, state: SandboxState, clock: Clock
) -> None:
    state.sessionboard.quotas.operations = 4
    assert (await source.bulk([operation("person-1"), operation("person-2")])).status_code == 200
    assert (await source.set_link("exhibitor-1", URL, "exhibitors")).status_code == 200
    refused = await source.bulk([operation("person-3"), operation("desk")])
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == str(12 * 3600), "the day of UTC ends at midnight"
    assert (await source.set_link("person-3", URL)).status_code == 200
    assert (await source.set_link("person-3", URL)).status_code == 429
    clock.at += 12 * 3600
    assert (await source.bulk([operation("person-3"), operation("desk")])).status_code == 200


async def test_quotas_can_be_switched_off(source: SourceWriter, state: SandboxState) -> None:
    state.sessionboard.quotas.requests = state.sessionboard.quotas.operations = None
    answers = [await source.bulk([operation("person-1")] * 100) for _ in range(101)]
    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit-Limit" not in answers[-1].headers


async def test_a_refused_bulk_counts_for_nothing(source: SourceWriter, state: SandboxState) -> None:
    state.sessionboard.quotas.requests = 1
    await source.bulk([{"action": "merge"}])
    assert (await source.bulk([])).status_code == 200


@pytest.mark.parametrize(("requests", "operations"), [(0, None), (None, 0)])
def test_a_quota_of_nothing_refuses_everything(requests: int | None, operations: int | None) -> None:
    quotas = SandboxQuotas(Clock(), requests, operations)
    assert quotas.spend("contact", 1) is not None
