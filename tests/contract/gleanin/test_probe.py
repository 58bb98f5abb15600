"""The probe that compares a real account with our assumptions."""

import pytest

from adapters.gleanin.destination import GleaninDestinations
from adapters.gleanin.probe import GleaninProbe
from core.domain.tenancy.secrets import Token
from ports.destination import DestinationRefused
from ports.probe import Finding, Marked, Verdict
from tests.contract.gleanin.conftest import Reachable
from tests.contract.gleanin.fake_server import TOKEN, Misstep, refusal


async def findings(destinations: GleaninDestinations) -> dict[str, Finding]:
    return {finding.assumption: finding for finding in await GleaninProbe(destinations)(Token(TOKEN))}


async def test_account_as_assumed_agrees(fake: Reachable) -> None:
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
    assert {finding.verdict for finding in found.values()} == {Verdict.AGREES, Verdict.NOT_SEEN}
    assert found["one of the speakers has session_ids: a list of integers"].verdict is Verdict.AGREES
    zone = found["an event has time_zone: a time zone name of IANA or Rails"]
    assert (zone.marked, zone.verdict) == (Marked.GUESSED, Verdict.NOT_SEEN)
    assert {method for method, _ in fake.requests} == {"GET"}
    assert fake.writes == []


async def test_differences_show_types_and_never_values(fake: Reachable) -> None:
    fake.events["8"] = {"title": 7, "state": "secret state", "private note": "confidential"}
    fake.add("speakers", {"event_id": "8", "email": {"of": "ann@example.org"}, "name": ["Ann Lee"]})
    found = await findings(fake.destinations)
    differing = {name for name, finding in found.items() if finding.verdict is Verdict.DIFFERS}
    assert {
        "an event has title: text",
        "one of the speakers has name: text",
        "one of the speakers has event_id: an integer",
    } <= differing
    text = " ".join(f"{finding.assumption} {finding.seen}" for finding in found.values())
    assert not any(secret in text for secret in ("Ann", "example.org", "confidential", "secret state", TOKEN))
    assert "(not a name)" in text


async def test_refused_include_differs(fake: Reachable) -> None:
    fake.events["8"] = {"title": "PyCon"}
    fake.misstep(Misstep(lambda: refusal(200, {"data": [{"id": "8"}]})))
    fake.misstep(Misstep(lambda: refusal(400, {"error": "unknown include"})))
    found = await findings(fake.destinations)
    assert found["GET /events/{id}?include=sessions succeeds"].verdict is Verdict.DIFFERS


async def test_account_without_events_shows_nothing_more(fake: Reachable) -> None:
    fake.events.clear()
    found = await findings(fake.destinations)
    assert found["GET /events returns a list"].verdict is Verdict.AGREES
    assert found["GET /events/{id}?include=speakers succeeds"].verdict is Verdict.NOT_SEEN
    assert len(fake.requests) == 1


async def test_refused_token_is_raised_immediately(fake: Reachable) -> None:
    fake.tokens.clear()
    with pytest.raises(DestinationRefused):
        await findings(fake.destinations)
