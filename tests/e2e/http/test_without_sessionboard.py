"""Sessionboard cannot be reached: stored data is still shown."""

from collections.abc import Iterator

import pytest

from entrypoints.sandbox.fault_injection import Fault
from tests.e2e.http.conftest import Served, in_trouble
from tests.support.http_fixtures import ACME_EVENT, ADMIN


@pytest.fixture
def without_sessionboard(fresh: Served) -> Iterator[Served]:
    with in_trouble(fresh, Fault(sides=("sessionboard",), revoked_after=0)):
        yield fresh


def test_the_mapped_events_are_listed_with_their_last_syncs(without_sessionboard: Served) -> None:
    served = without_sessionboard
    page = served.browser(ADMIN).get(f"/organizations/{served.acme.organization}/events")
    assert page.status_code == 422  # Sessionboard refuses the token
    assert "The events cannot be loaded" in page.text
    assert "Only mapped events are listed" in page.text
    assert "Acme Days" in page.text
    assert f'href="/runs/{served.acme.run}"' in page.text
    assert f"/events/{ACME_EVENT}/agenda" in page.text


def test_with_sessionboard_the_last_syncs_are_told_too(served: Served) -> None:
    page = served.signed_in(ADMIN).get(f"/organizations/{served.acme.organization}/events")
    assert f'href="/runs/{served.acme.run}"' in page.text
    assert "See History" not in page.text


@pytest.mark.parametrize("part", ["agenda", "exhibitors", "preview"])
def test_a_mapped_event_keeps_its_mapping_its_syncs_and_the_ways_to_them(
    without_sessionboard: Served, part: str
) -> None:
    served = without_sessionboard
    at = f"/organizations/{served.acme.organization}"
    page = served.browser(ADMIN).get(f"{at}/events/{ACME_EVENT}/{part}")
    assert page.status_code == 422
    assert "<h1>Acme Days</h1>" in page.text
    assert "Mapped to the Gleanin event Acme Days" in page.text
    for leads_to in (
        f"/runs/{served.acme.run}",
        f"{at}/history",
        f"/mappings/{served.acme.mapping}/records",
        f"{at}/share-links?mapping={served.acme.mapping}",
    ):
        assert f'href="{leads_to}"' in page.text
