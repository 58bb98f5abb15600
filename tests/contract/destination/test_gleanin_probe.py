"""The comparison of a real account with our assumptions."""

import pytest

from adapters.gleanin.destination import GleaninDestinations
from adapters.gleanin.probe import GleaninProbe
from core.domain.tenancy.secrets import Token
from ports.destination import DestinationRefused
from ports.probe import Finding, Marked, Verdict
from tests.contract.destination.conftest import Reachable
from tests.contract.destination.fake_server import TOKEN, Misstep, refusal


async def findings(destinations: GleaninDestinations) -> dict[str, Finding]:
    return {one.assumption: one for one in await GleaninProbe(destinations)(Token(TOKEN))}


async def test_an_account_as_assumed_agrees_in_what_can_be_seen(fake: Reachable) -> None:
    fake.add(
        "speakers",
        {
            "event_id": 8,
            "external_idx": "x",
            "name": "Ann Lee",
            "email": "ann@example.org",
            "session_ids": [3],
        },
    )
    found = await findings(fake.destinations)
    assert {one.verdict for one in found.values()} == {Verdict.AGREES, Verdict.NOT_SEEN}
    assert found["one of the speakers has session_ids: a list of integers"].verdict is Verdict.AGREES
    assert found["an event has time_zone: a time zone's name by IANA or by Rails"].marked is Marked.GUESSED
    assert found["an event has time_zone: a time zone's name by IANA or by Rails"].verdict is Verdict.NOT_SEEN
    assert {method for method, _ in fake.requests} == {"GET"}
    assert fake.writes == []


async def test_what_differs_is_told_by_its_type_and_never_by_its_value(fake: Reachable) -> None:
    fake.events["8"] = {"title": 7, "state": "secret state", "private note": "confidential"}
    fake.add("speakers", {"event_id": "8", "email": {"of": "ann@example.org"}, "name": ["Ann Lee"]})
    found = await findings(fake.destinations)
    differing = {name for name, one in found.items() if one.verdict is Verdict.DIFFERS}
    assert {
        "an event has title: a text",
        "one of the speakers has name: a text",
        "one of the speakers has event_id: an integer",
    } <= differing
    told = " ".join(f"{one.assumption} {one.seen}" for one in found.values())
    assert not any(secret in told for secret in ("Ann", "example.org", "confidential", "secret state", TOKEN))
    assert "(not a name)" in told


async def test_an_include_that_is_refused_differs(fake: Reachable) -> None:
    fake.events["8"] = {"title": "PyCon"}
    fake.misstep(Misstep(lambda: refusal(200, {"data": [{"id": "8"}]})))
    fake.misstep(Misstep(lambda: refusal(400, {"error": "unknown include"})))
    found = await findings(fake.destinations)
    assert found["GET /events/{id}?include=sessions is answered"].verdict is Verdict.DIFFERS


async def test_an_account_without_events_shows_nothing_more(fake: Reachable) -> None:
    fake.events.clear()
    found = await findings(fake.destinations)
    assert found["GET /events answers with a list"].verdict is Verdict.AGREES
    assert found["GET /events/{id}?include=speakers is answered"].verdict is Verdict.NOT_SEEN
    assert len(fake.requests) == 1


async def test_a_refused_token_is_told_at_once(fake: Reachable) -> None:
    fake.tokens.clear()
    with pytest.raises(DestinationRefused):
        await findings(fake.destinations)
