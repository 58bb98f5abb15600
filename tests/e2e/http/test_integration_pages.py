"""The Integrations pages: connect, map, settings, remove, disconnect, and the permissions for each."""

import html
import re

import httpx
import pytest

from core.usecases.mappings.list_events import ListEvents
from entrypoints.sandbox.state import GLEANIN_TOKEN
from ports.destination import DestinationRefused
from tests.e2e.http.conftest import Served
from tests.e2e.http.pages import post
from tests.e2e.http.steps import disconnect, integrations
from tests.support.http_fixtures import ADMIN, EVERYWHERE, FREE_EVENT, STRANGER, VIEWER


def choices(page: httpx.Response, name: str) -> dict[str, tuple[str, bool]]:
    """Return a list's options by label: their values, and whether they can be chosen."""
    found = re.search(rf'<select[^>]* name="{name}".*?</select>', page.text, re.DOTALL)
    assert found, page.text
    options = re.findall(r'<option value="([^"]+)"([^>]*)>([^<]*)', found[0])
    return {html.unescape(label): (value, "disabled" not in state) for value, state, label in options}


def test_the_card_says_that_it_is_connected_and_offers_what_an_admin_may(served: Served) -> None:
    page = served.browser(ADMIN).get(integrations(served)).text
    for text in (
        "EVENT",
        "Connect Sessionboard to your Gleanin instance",
        "View Documentation",
        ">Connected<",
        "Disconnect Integration",
    ):
        assert text in page
    assert ">Connect<" not in page


def test_who_may_only_read_sees_the_state_and_no_button_that_would_be_refused(served: Served) -> None:
    viewer, at = served.browser(VIEWER), integrations(served)
    settings = f"{at}/mappings/{served.acme.mapping}/settings"
    for url in (at, f"{at}/connect", f"{at}/mappings", settings):
        page = viewer.get(url)
        assert page.status_code == 200
        assert page.text.count("<form") == 1, "the one that signs out"
        for offered in ("/disconnect", "/new", "/remove"):
            assert f'{offered}"' not in page.text
    assert "ask an admin" in viewer.get(at).text
    for url in ("/mappings/new", "/disconnect", f"/mappings/{served.acme.mapping}/remove"):
        assert viewer.get(at + url).status_code == 403


def test_a_mapping_is_found_only_under_its_own_organization(served: Served) -> None:
    everywhere = served.browser(EVERYWHERE)
    for page in ("settings", "remove"):
        own = integrations(served) + f"/mappings/{served.acme.mapping}/{page}"
        assert everywhere.get(own).status_code == 200
        at_others = integrations(served, served.stranger.organization) + f"/mappings/{served.acme.mapping}"
        elsewhere = everywhere.get(f"{at_others}/{page}")
        assert elsewhere.status_code == 404
        assert "There is no such mapping" in elsewhere.text
        hidden = served.browser(STRANGER).get(f"{at_others}/{page}")
        assert hidden.status_code == 404
        assert "There is no such mapping" in hidden.text


def test_connecting_mapping_and_choosing_settings_lead_from_step_to_step(fresh: Served) -> None:
    browser, at = fresh.browser(ADMIN), integrations(fresh)
    disconnect(browser, fresh)
    assert "Not connected" in browser.get(at).text

    wrong = post(browser, f"{at}/connect", token="wrong-wrong-wrong")
    assert wrong.status_code == 422
    assert 'class="field-error"' in wrong.text
    assert "wrong-wrong-wrong" not in wrong.text
    assert "Not connected" in browser.get(at).text, "nothing was stored"

    connected = post(browser, f"{at}/connect", token=GLEANIN_TOKEN, continuous_sync="on")
    assert connected.headers["Location"] == f"{at}/mappings"
    drawer = browser.get(f"{at}/connect").text
    assert f"ends in {GLEANIN_TOKEN[-4:]}" in drawer
    assert GLEANIN_TOKEN not in drawer

    page = browser.get(f"{at}/mappings/new")
    value, selectable = choices(page, "sessionboard")["Free Days"]
    assert (value, selectable) == (str(FREE_EVENT), True)
    print(choices(page, "gleanin"), choices(page, "sessionboard"))
    (others,) = (item for item in choices(page, "gleanin").items() if "(already mapped)" in item[0])
    assert others[1][1] is False, "whose it is, is nobody's business"
    chosen = {"sessionboard": value, "gleanin": choices(page, "gleanin")["Free Days"][0]}

    answer = post(browser, f"{at}/mappings/new", **chosen)
    assert answer.status_code == 422
    assert "In Sessionboard it is Europe/Paris" in answer.text
    (shown,) = re.findall(r'name="confirmed_zone" value="([^"]*)"', answer.text)
    chosen_then = {**chosen, "time_zone_confirmed": "on", "confirmed_zone": "Europe/Lisbon"}
    again = post(browser, f"{at}/mappings/new", **chosen_then)
    assert again.status_code == 422
    assert "Confirm the time zone" in again.text, "another zone was shown"
    made = post(browser, f"{at}/mappings/new", **{**chosen_then, "confirmed_zone": shown})
    settings = made.headers["Location"]
    assert re.fullmatch(rf"{at}/mappings/\w+/settings", settings)

    taken = post(browser, f"{at}/mappings/new", **chosen)
    assert taken.status_code == 409
    assert "is already mapped" in taken.text
    assert "Free Days (mapped to Free Days)" in choices(taken, "gleanin")

    saved = post(browser, settings, tracks="tags", exhibitor_name="exhibitor", chairpersons="on")
    assert saved.headers["Location"] == f"{at}/mappings"
    page_of_settings = browser.get(settings).text
    assert re.search(r'value="tags"[^>]* checked', page_of_settings)
    assert re.search(r'name="chairpersons"[^>]* checked', page_of_settings)
    assert not re.search(r'name="moderators"[^>]* checked', page_of_settings)
    assert not re.search(r'name="continuous_sync"[^>]* checked', page_of_settings)


@pytest.mark.parametrize(
    ("setting", "rule"),
    [("one_name_is_enough", 14), ("only_accepted_roles", 35)],
    ids=["one_name", "accepted"],
)
def test_who_is_synced_is_set_on_the_page_and_by_the_api(fresh: Served, setting: str, rule: int) -> None:
    browser, api = fresh.browser(ADMIN), fresh.client(ADMIN)
    page = f"/organizations/{fresh.acme.organization}/integrations/mappings/{fresh.acme.mapping}/settings"
    url = f"/mappings/{fresh.acme.mapping}"
    for value in (True, False, True):
        changed = api.patch(url, json={setting: value}).raise_for_status().json()
        assert changed["settings"][setting] is value
        assert bool(re.search(rf'name="{setting}"[^>]* checked', browser.get(page).text)) is value
        post(browser, page, tracks="track", exhibitor_name="contact", **({} if value else {setting: "on"}))
        assert api.get(url).json()["settings"][setting] is not value, f"rule {rule}"


def test_map_this_event_chooses_it(served: Served) -> None:
    browser = served.browser(ADMIN)
    agenda = browser.get(f"/organizations/{served.acme.organization}/events/{FREE_EVENT}/agenda").text
    found = re.search(r'href="([^"]*)">Map this event', agenda)
    assert found
    page = browser.get(html.unescape(found[1]))
    assert re.search(rf'<option value="{FREE_EVENT}" selected', page.text)
    assert "Choose an event." not in page.text


def test_removing_a_mapping_says_what_it_means_and_binds_what_was_synced(fresh: Served) -> None:
    browser, at = fresh.browser(ADMIN), integrations(fresh)
    remove = f"{at}/mappings/{fresh.acme.mapping}/remove"
    assert "stay bound to each other" in browser.get(remove).text
    assert post(browser, remove).headers["Location"] == f"{at}/mappings"
    assert "No event is mapped yet" in browser.get(f"{at}/mappings").text
    assert browser.get(remove).status_code == 409
    listed = choices(browser.get(f"{at}/mappings/new"), "gleanin")
    assert listed["Acme Days (was synced with Acme Days)"][1]
    free = choices(browser.get(f"{at}/mappings/new"), "sessionboard")["Free Days"][0]
    bound = post(
        browser,
        f"{at}/mappings/new",
        gleanin=listed["Acme Days (was synced with Acme Days)"][0],
        sessionboard=free,
    )
    assert bound.status_code == 409
    assert "was synced with Acme Days under this connection" in bound.text


@pytest.mark.parametrize("typed", ["", "acme", "Stranger"])
def test_disconnecting_wants_the_name(served: Served, typed: str) -> None:
    browser, at = served.browser(ADMIN), integrations(served)
    refused = post(browser, f"{at}/disconnect", confirmation=typed)
    assert refused.status_code == 422
    assert "This is not the organization&#39;s name." in refused.text
    assert "Disconnect Integration" in browser.get(at).text, "it is still connected"


def test_a_side_that_cannot_be_read_is_named_and_the_mappings_show(
    fresh: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise DestinationRefused("The token was refused.")

    monkeypatch.setattr(ListEvents, "__call__", refuse)
    page = fresh.browser(ADMIN).get(integrations(fresh) + "/mappings/new")
    assert page.status_code == 422
    assert "Gleanin&#39;s events cannot be loaded" in page.text
    assert "Try again" in page.text
    assert "Replace Gleanin&#39;s token" in page.text
    assert "Acme Days" in page.text


def test_whether_new_mappings_begin_with_continuous_sync_is_chosen_later_too(fresh: Served) -> None:
    browser, at = fresh.browser(ADMIN), integrations(fresh)
    page, is_checked = f"{at}/connect", r'name="continuous_sync"[^>]* checked'
    assert not re.search(is_checked, browser.get(page).text)
    saved = post(browser, f"{at}/continuous-sync", page=page, continuous_sync="on")
    assert saved.headers["Location"] == page
    assert re.search(is_checked, browser.get(page).text)
    audit = browser.get(f"/organizations/{fresh.acme.organization}/settings/audit-log").text
    assert "Acme: continuous sync of new mappings on" in audit
    mapping = f"{at}/mappings/{fresh.acme.mapping}/settings"
    assert not re.search(is_checked, browser.get(mapping).text), "a mapping that exists stays as it is"
    post(browser, f"{at}/continuous-sync", page=page)
    assert not re.search(is_checked, browser.get(page).text)


def test_a_token_is_replaced_and_the_connection_goes_on(fresh: Served) -> None:
    browser, at = fresh.browser(ADMIN), integrations(fresh)
    page = f"{at}/connect"
    assert post(browser, f"{at}/token", page=page, token="wrong-wrong-wrong").status_code == 422
    done = post(browser, f"{at}/token", page=page, token=GLEANIN_TOKEN)
    assert done.headers["Location"] == f"{at}/mappings?replaced=true"
    assert "Sync to Gleanin" in browser.get(done.headers["Location"]).text
    assert "Acme Days" in browser.get(f"{at}/mappings").text
