"""Ended mappings: portal pages keep working (rule 31), and the organization can look them up and revoke them."""

import re

import httpx
import pytest

from core.domain.access.authorization import COMMAND_LINE
from core.domain.ids import MappingId, OrganizationId
from core.usecases.mappings.remove_mapping import RemoveMapping
from core.usecases.organizations.disconnect import Disconnect
from tests.e2e.http.conftest import Served
from tests.e2e.http.pages import csrf_in
from tests.support.http_fixtures import ADMIN, VIEWER


def portal_of(served: Served) -> str:
    path = f"/mappings/{served.acme.mapping}/people/speaker/{served.acme.person}/portal-address"
    address: str = served.client(ADMIN).post(path).raise_for_status().json()["address"]
    return address.partition("/portal/")[2]


def end(served: Served, how: str) -> None:
    if how == "removed":
        served.running.ask(
            lambda container: container.resolve(RemoveMapping)(
                MappingId(served.acme.mapping), actor=COMMAND_LINE
            )
        )
    else:
        known = OrganizationId(served.acme.organization)
        served.running.ask(lambda container: container.resolve(Disconnect)(known, "Acme", actor=COMMAND_LINE))


def form(browser: httpx.Client, served: Served) -> dict[str, str]:
    token = csrf_in(browser.get("/documentation"))
    return {"csrf_token": token, "person": f"speaker:{served.acme.person}", "name": "Ada"}


@pytest.mark.parametrize("how", ["removed", "disconnected"])
def test_rule_31_addresses_of_an_ended_mapping_are_revoked_on_its_page(fresh: Served, how: str) -> None:
    portal, browser = f"/portal/{portal_of(fresh)}", fresh.browser(ADMIN)
    end(fresh, how)
    assert fresh.browser().get(portal).status_code == 200
    at = f"/organizations/{fresh.acme.organization}/share-links"
    page = browser.get(at).text
    assert "No longer mapped" in page
    assert "Copy portal address" not in page
    assert f"revoke=speaker%3A{fresh.acme.person}" in page
    assert "https://" in browser.get(f"{at}.csv?mapping={fresh.acme.mapping}").text
    assert browser.get(at, params={"revoke": f"speaker:{fresh.acme.person}"}).status_code == 200

    revoked = browser.post(f"/mappings/{fresh.acme.mapping}/portal-address/revoke", data=form(browser, fresh))
    assert revoked.headers["Location"] == f"{at}?mapping={fresh.acme.mapping}"
    assert fresh.browser().get(portal).status_code == 404


def test_rule_31_no_new_address_is_made_for_an_ended_mapping(fresh: Served) -> None:
    browser = fresh.browser(ADMIN)
    end(fresh, "removed")
    made = browser.post(f"/mappings/{fresh.acme.mapping}/portal-address", data=form(browser, fresh))
    assert made.status_code == 409
    path = f"/mappings/{fresh.acme.mapping}/people/speaker/{fresh.acme.person}/portal-address"
    answer = fresh.client(ADMIN).post(path)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_mapped")


def test_a_viewer_reads_the_links_of_an_ended_mapping(fresh: Served) -> None:
    end(fresh, "disconnected")
    page = fresh.browser(VIEWER).get(f"/organizations/{fresh.acme.organization}/share-links").text
    assert "No longer mapped" in page
    assert "evoke" not in page


def test_what_happened_to_a_person_is_told_after_disconnecting(fresh: Served) -> None:
    browser, organization = fresh.browser(ADMIN), f"/organizations/{fresh.acme.organization}"
    end(fresh, "disconnected")
    page = browser.get(f"{organization}/history").text
    assert "Why is this person not in Gleanin?" in page
    chosen = re.search(r'name="mapping" value="([^"]+)"', page)
    assert chosen
    query = {"mapping": chosen[1], "who": "prince@x.org"}
    found = browser.get(f"{organization}/records", params=query, follow_redirects=True)
    assert "Required field is missing: last name." in found.text
    unknown = browser.get(f"{organization}/records", params={**query, "who": "x"}, follow_redirects=True)
    assert unknown.status_code == 404
    assert "next sync" not in unknown.text
