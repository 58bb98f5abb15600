"""Health is reported the same way on every page, in the API and in `status`, with what to do about it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Literal

import pytest

from core.domain.ids import MappingId
from core.domain.systems import ExternalSystem
from entrypoints.container import Container
from entrypoints.sandbox.fault_injection import Fault
from entrypoints.sandbox.state import GLEANIN_TOKEN, SESSIONBOARD_TOKEN
from tests.e2e.http.conftest import Served, in_trouble
from tests.e2e.http.pages import post
from tests.e2e.http.steps import disconnect, fail, integrations, start, wait_for_end
from tests.support.http_fixtures import ACME_EVENT, ADMIN, EVERYWHERE, FREE_EVENT, SUPPORT, VIEWER
from tests.support.systems import GLEANIN, SESSIONBOARD

PAGES = (
    "/events",
    "/integrations",
    "/integrations/connect",
    "/integrations/mappings",
    "/history",
    "/share-links",
    "/settings",
)
REFUSED = "Gleanin refused the token. Nothing is synced automatically until the token is replaced."


def pages_of(served: Served) -> list[str]:
    acme = served.acme
    own = [f"/organizations/{acme.organization}{path}" for path in PAGES]
    return [*own, f"/organizations/{acme.organization}/events/{FREE_EVENT}/agenda", f"/runs/{acme.run}"]


def refusing(
    served: Served, side: Literal["gleanin", "sessionboard"] = "gleanin"
) -> AbstractContextManager[None]:
    return in_trouble(served, Fault(sides=(side,), revoked_after=0))


def test_a_refused_token_is_told_on_every_page_with_where_to_replace_it(fresh: Served) -> None:
    client = fresh.client(ADMIN)
    with refusing(fresh):
        assert wait_for_end(client, start(client, fresh.acme.mapping)["run_id"])["code"] == "token_refused"
    admin, viewer = fresh.browser(ADMIN), fresh.browser(VIEWER)
    for url in pages_of(fresh):
        page = admin.get(url).text
        assert REFUSED in page, url
        assert f'{integrations(fresh)}/connect#token"' in page, url
        assert ">Connected<" not in page, url
        assert ">Mapped<" not in page, url
        html = viewer.get(url).text
        assert "Ask an admin of this organization to replace the token." in html, url
        assert "#token" not in html, url
    for document in (
        client.get(f"/organizations/{fresh.acme.organization}/connection").json(),
        client.get(f"/mappings/{fresh.acme.mapping}").json(),
        client.get(f"/organizations/{fresh.acme.organization}/mappings").json()["items"][0],
    ):
        health = document["health"]
        assert (health["state"], health["remedy"], health["system"]) == ("halted", "replace_token", "Gleanin")


def test_the_list_of_organizations_tells_how_each_of_them_fares(fresh: Served) -> None:
    fail(fresh, system=GLEANIN)
    page = fresh.browser(EVERYWHERE).get("/organizations").text
    ours, strange = rows_of(page, "Acme"), rows_of(page, "Stranger")
    assert ">Connected<" not in ours
    assert ">Halted<" in ours
    assert REFUSED in ours
    assert f'{integrations(fresh)}/connect#token"' in ours
    assert ">Connected<" in strange
    assert REFUSED not in strange
    row = rows_of(fresh.browser(SUPPORT).get("/organizations").text, "Acme")
    assert REFUSED in row
    assert "#token" not in row
    for role in (EVERYWHERE, ADMIN):
        client = fresh.client(role)
        listed = {item["name"]: item for item in client.get("/organizations").json()["items"]}
        assert listed["Acme"]["health"]["state"] == "halted"
        assert listed["Acme"] == client.get(f"/organizations/{fresh.acme.organization}").json()
        assert listed["Acme"]["connected"]
        assert ("Stranger" in listed) is (role is EVERYWHERE)


def rows_of(page: str, name: str) -> str:
    """Return the rows of a page's table that contain a name."""
    rows = [each for each in page.split("<tr") if f">{name}<" in each]
    assert rows, page
    return "".join(rows)


def test_pages_of_another_organization_do_not_speak_of_it(fresh: Served) -> None:
    fail(fresh, system=GLEANIN)
    everywhere = fresh.browser(EVERYWHERE)
    stranger = f"/organizations/{fresh.stranger.organization}"
    for path in PAGES:
        assert "refused the token" not in everywhere.get(f"{stranger}{path}").text, path


@pytest.mark.parametrize("system", [GLEANIN, SESSIONBOARD], ids=str)
def test_after_the_token_was_replaced_a_sync_is_offered_and_mends_it(
    fresh: Served, system: ExternalSystem
) -> None:
    fail(fresh, system=system)
    admin, client, at = fresh.browser(ADMIN), fresh.client(ADMIN), integrations(fresh)
    settings = f"/organizations/{fresh.acme.organization}/settings"
    if system == GLEANIN:
        done = post(admin, f"{at}/token", page=f"{at}/connect", token=GLEANIN_TOKEN)
    else:
        assert f'{settings}#sessionboard"' in admin.get(at).text
        done = post(admin, f"{settings}/sessionboard-token", page=settings, token=SESSIONBOARD_TOKEN)
    page = admin.get(done.headers["Location"]).text
    assert "The token was replaced" in page
    assert "refused the token" not in page
    assert "has been replaced" in page, "it is not known yet whether it works"
    sent = post(admin, f"{at}/sync", page=done.headers["Location"])
    assert sent.status_code == 303
    run = client.get(f"/mappings/{fresh.acme.mapping}/runs").json()["items"][0]["run_id"]
    wait_for_end(client, run)
    assert client.get(f"/mappings/{fresh.acme.mapping}").json()["health"]["state"] == "problems", (
        "as it was before"
    )


def test_what_fails_is_told_with_since_when_and_why(fresh: Served) -> None:
    fail(fresh)
    admin, at = fresh.browser(ADMIN), integrations(fresh)
    for url in (at, f"{at}/mappings", f"/organizations/{fresh.acme.organization}/events"):
        page = admin.get(url).text
        assert ">Failing<" in page, url
        assert "Gleanin cannot be reached" in page, url
        assert "Sync is halted" not in page, url
    assert "Since " in admin.get(f"{at}/mappings").text
    health = fresh.client(ADMIN).get(f"/mappings/{fresh.acme.mapping}").json()["health"]
    assert (health["state"], health["remedy"]) == ("failing", "sync")


@pytest.mark.parametrize("is_read", [True, False])
def test_an_events_own_page_tells_how_it_fares(fresh: Served, *, is_read: bool) -> None:
    admin, at = fresh.browser(ADMIN), f"/organizations/{fresh.acme.organization}/events/{ACME_EVENT}/agenda"
    fail(fresh)
    with nullcontext() if is_read else refusing(fresh, "sessionboard"):
        page = admin.get(at).text
    assert ("This event cannot be loaded" in page) is not is_read
    assert ">Failing<" in page
    assert ">Mapped<" not in page.replace("<dt>Mapped<", "")
    assert "Since " in page
    assert "Gleanin cannot be reached" in page
    unmapped = admin.get(f"/organizations/{fresh.acme.organization}/events/{FREE_EVENT}/agenda").text
    assert "Failing" not in unmapped


def test_an_event_that_cannot_be_read_tells_whether_continuous_sync_goes_on(fresh: Served) -> None:
    admin, client, at = fresh.browser(ADMIN), fresh.client(ADMIN), integrations(fresh)
    agenda = f"/organizations/{fresh.acme.organization}/events/{ACME_EVENT}/agenda"

    def continuous_sync() -> str:
        with refusing(fresh, "sessionboard"):
            page = admin.get(agenda).text
        return page.partition("<dt>Continuous sync</dt>")[2].partition("</dd>")[0].rpartition(">")[2]

    assert continuous_sync() == "off"
    client.patch(f"/mappings/{fresh.acme.mapping}", json={"continuous_sync": True}).raise_for_status()
    assert continuous_sync() == "on, and problems"
    fail(fresh)
    assert continuous_sync() == "on, and failing"
    mapping = client.get(f"/mappings/{fresh.acme.mapping}").json()
    disconnect(admin, fresh)
    post(admin, f"{at}/connect", page=f"{at}/connect", token=GLEANIN_TOKEN, continuous_sync="on")
    pair = {"sessionboard_event": str(ACME_EVENT), "gleanin_event": mapping["gleanin"]["id"]}
    client.post(
        f"/organizations/{fresh.acme.organization}/mappings", json={**pair, "confirm_time_zone": True}
    ).raise_for_status()
    assert continuous_sync() == "waiting for settings"


def test_problems_of_the_last_sync_lead_to_its_results(fresh: Served) -> None:
    page = fresh.browser(ADMIN).get(f"{integrations(fresh)}/mappings").text
    assert ">Problems<" in page
    assert f'href="/runs/{fresh.acme.run}">View Results' in page


def test_rule_10_disconnecting_tells_beforehand_what_is_not_synced_again(fresh: Served) -> None:
    admin, at = fresh.browser(ADMIN), integrations(fresh)
    sentence = "4 sessions and 2 speakers sent under this connection cannot be synced again"
    page = admin.get(f"{at}/disconnect").text
    assert sentence in page
    assert f'{at}/connect#token"' in page
    assert "Replace the token instead" in page
    connection = fresh.client(ADMIN).get(f"/organizations/{fresh.acme.organization}/connection").json()
    assert connection["lost_by_disconnecting"].startswith(sentence)


def test_rule_10_what_was_sent_under_an_earlier_connection_is_not_promised(fresh: Served) -> None:
    admin, at = fresh.browser(ADMIN), integrations(fresh)
    disconnect(admin, fresh)
    post(admin, f"{at}/connect", page=f"{at}/connect", token=GLEANIN_TOKEN)
    page = admin.get(f"{at}/disconnect").text
    assert "Nothing has been sent under this connection yet." in page
    assert "everything can be synced" not in page


def test_a_replaced_token_answers_with_the_connection_as_it_is_read(fresh: Served) -> None:
    fail(fresh, system=GLEANIN)
    client, at = fresh.client(ADMIN), f"/organizations/{fresh.acme.organization}/connection"
    replaced = client.put(at, json={"token": GLEANIN_TOKEN}).raise_for_status().json()
    assert replaced == client.get(at).json()
    assert replaced["health"]["state"] == "failing"
    assert replaced["lost_by_disconnecting"]


def test_rule_10_mapping_the_pair_again_tells_it_beforehand(fresh: Served) -> None:
    admin, client, at = fresh.browser(ADMIN), fresh.client(ADMIN), integrations(fresh)
    mapping = client.get(f"/mappings/{fresh.acme.mapping}").json()
    pair = {"gleanin": mapping["gleanin"]["id"], "sessionboard": mapping["sessionboard"]["id"]}
    disconnect(admin, fresh)
    post(admin, f"{at}/connect", page=f"{at}/connect", token=GLEANIN_TOKEN)
    sentence = "4 sessions and 2 speakers sent to this Gleanin event before the organization was disconnected will not be"
    assert sentence in admin.get(f"{at}/mappings/new/pair", params=pair).text
    assert sentence not in admin.get(f"{at}/mappings/new/pair", params={**pair, "gleanin": "unknown"}).text
    first = post(admin, f"{at}/mappings/new", **pair)
    assert (first.status_code, sentence in first.text) == (422, True)
    again = admin.post(
        f"{at}/mappings/new",
        data={
            "csrf_token": _csrf(first.text),
            "known_lost": _known(first.text),
            "time_zone_confirmed": "on",
            **pair,
        },
    )
    assert again.status_code == 303
    run = wait_for_end(client, start(client, again.headers["Location"].split("/")[-2])["run_id"])
    assert "not synced again: sent before the organization was disconnected" in run["message"]


def test_rule_10_the_api_goes_on_and_says_so(fresh: Served) -> None:
    client, organization = fresh.client(ADMIN), fresh.acme.organization
    mapping = client.get(f"/mappings/{fresh.acme.mapping}").json()
    client.delete(f"/organizations/{organization}/connection?confirm=Acme").raise_for_status()
    client.put(f"/organizations/{organization}/connection", json={"token": GLEANIN_TOKEN}).raise_for_status()
    pair = {
        "sessionboard_event": mapping["sessionboard"]["id"],
        "gleanin_event": mapping["gleanin"]["id"],
        "confirm_time_zone": True,
    }
    made = client.post(f"/organizations/{organization}/mappings", json=pair)
    assert made.status_code == 201
    assert made.json()["warnings"][0].startswith("4 sessions and 2 speakers sent to this Gleanin event")


def test_rule_07_a_known_mismatch_is_shown_when_two_events_are_chosen(fresh: Served) -> None:
    admin, at = fresh.browser(ADMIN), f"{integrations(fresh)}/mappings/new"
    zones = {"sessionboard_zone": "Europe/Paris", "gleanin_zone": "America/New_York"}
    page = admin.get(f"{at}/pair", params=zones).text
    assert "The time zones differ" in page
    assert "Europe/Paris" in page
    assert "America/New_York" in page
    assert 'type="checkbox"' not in page, "no confirmation is offered"
    assert "differ" not in admin.get(f"{at}/pair", params={**zones, "gleanin_zone": "Europe/Madrid"}).text
    assert 'data-zone="Europe/Paris"' in admin.get(at).text


TICK = "The Gleanin event has this time zone"


@contextmanager
def zone_in_gleanin(served: Served, zone: str | None) -> Iterator[None]:
    """Change the time zone that Gleanin reports for the mapped event, unknown to an older database."""

    async def act(container: Container) -> str:
        async with container.units().write() as unit:
            mapping = await unit.mappings.get(MappingId(served.acme.mapping))
            assert mapping
            await unit.mappings.update(replace(mapping, confirmed_time_zone=None, destination_time_zone=None))
            await unit.commit()
        return mapping.events.destination_id

    events, number = served.seeded_database.sandbox.state.gleanin.events, int(served.running.ask(act))
    before, events[number] = events[number], replace(events[number], time_zone=zone)
    try:
        yield
    finally:
        events[number] = before


def settings_of_acme(served: Served) -> tuple[str, str]:
    """Return the URLs of the settings of Acme's mapping: the page and the API resource."""
    api = f"/mappings/{served.acme.mapping}"
    return f"{integrations(served)}{api}/settings", api


def test_rule_07_the_settings_of_an_older_mapping_ask_gleanin_for_the_zone(fresh: Served) -> None:
    admin, client = fresh.browser(ADMIN), fresh.client(ADMIN)
    at, api = settings_of_acme(fresh)
    with zone_in_gleanin(fresh, "America/New_York"):
        assert TICK not in fresh.browser(VIEWER).get(at).text
        assert client.get(api).json()["gleanin_time_zone"] is None, "Gleanin has not been asked"
        page = admin.get(at).text
        assert TICK not in page
        assert "The time zones differ" in page
        assert client.get(api).json()["gleanin_time_zone"] == "America/New_York"
    with zone_in_gleanin(fresh, "Europe/Brussels"):
        page = admin.get(at).text
        assert TICK not in page
        assert "The time zones differ" not in page
    with zone_in_gleanin(fresh, None):
        assert TICK in admin.get(at).text
        with refusing(fresh):
            page = admin.get(at).text
            assert TICK not in page
            assert "The event&#39;s time zone could not be read from Gleanin" in page


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Brussels", None])
def test_rule_07_a_zone_is_confirmed_only_where_gleanin_tells_none(fresh: Served, zone: str | None) -> None:
    admin, client = fresh.browser(ADMIN), fresh.client(ADMIN)
    at, api = settings_of_acme(fresh)
    form = {"tracks": "track", "exhibitor_name": "contact", "confirm_time_zone": "on"}
    with zone_in_gleanin(fresh, zone):
        changed = client.patch(api, json={"confirm_time_zone": True}).raise_for_status().json()
        assert changed["gleanin_time_zone"] == zone
        assert changed["confirmed_time_zone"] == (None if zone else "Europe/Paris")
    with zone_in_gleanin(fresh, zone):
        page = admin.get(post(admin, at, page=at, **form).headers["Location"]).text
        assert ("is confirmed" in page) is (zone is None)
        assert ("The time zones differ" in page) is (zone == "America/New_York")
    with zone_in_gleanin(fresh, zone), refusing(fresh):
        assert client.patch(api, json={"confirm_time_zone": True}).status_code == 422
        unsaved = post(admin, at, page=at, **form)
        assert unsaved.status_code == 422
        assert TICK not in unsaved.text
        assert "The settings were not saved" in unsaved.text


def test_rule_24_a_new_mapping_waits_for_its_settings(fresh: Served) -> None:
    admin, client, at = fresh.browser(ADMIN), fresh.client(ADMIN), integrations(fresh)
    post(admin, f"{at}/continuous-sync", page=f"{at}/connect", continuous_sync="on")
    page = admin.get(f"{at}/mappings/new").text
    gleanin = next(value for value in _values(page, "gleanin") if value)
    made = post(
        admin, f"{at}/mappings/new", gleanin=gleanin, sessionboard=str(FREE_EVENT), time_zone_confirmed="on"
    )
    assert made.status_code == 303, made.text
    mapping = made.headers["Location"].split("/")[-2]
    assert client.get(f"/mappings/{mapping}").json()["waits_for_settings"]
    assert "Waiting for settings" in admin.get(f"{at}/mappings").text
    assert "None yet" in admin.get(f"/organizations/{fresh.acme.organization}/events").text, "no sync"
    assert "Nothing is sent automatically until you save them" in admin.get(made.headers["Location"]).text
    client.patch(f"/mappings/{mapping}", json={}).raise_for_status()
    assert not client.get(f"/mappings/{mapping}").json()["waits_for_settings"]
    assert "Waiting for settings" not in admin.get(f"{at}/mappings").text


def _csrf(page: str) -> str:
    return page.partition('name="csrf_token" value="')[2].partition('"')[0]


def _known(page: str) -> str:
    return page.partition('name="known_lost" value="')[2].partition('"')[0]


def _values(page: str, name: str) -> list[str]:
    options = page.partition(f'name="{name}"')[2].partition("</select>")[0].split("<option ")[1:]
    return [
        option.partition('value="')[2].partition('"')[0]
        for option in options
        if "disabled" not in option.partition(">")[0]
    ]
