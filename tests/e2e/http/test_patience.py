"""Long pauses demanded by Sessionboard and Gleanin: people see an error and do not wait for others' pauses."""

from contextlib import AbstractContextManager
from typing import Literal

import pytest

from entrypoints.sandbox.fault_injection import Fault
from tests.e2e.http.conftest import Served, in_trouble
from tests.support.http_fixtures import ADMIN

LATER = "Try again later."


def pausing(served: Served, side: Literal["sessionboard", "gleanin"]) -> AbstractContextManager[None]:
    """Make one system answer every request with 429 and a Retry-After of ten minutes."""
    return in_trouble(served, Fault(sides=(side,), refuse_next=1_000_000, retry_after=600))


SIDES = pytest.mark.parametrize(("side", "name"), [("sessionboard", "Sessionboard"), ("gleanin", "Gleanin")])


@SIDES
def test_what_programs_ask_for_is_answered_and_not_waited_for(
    served: Served, side: Literal["sessionboard", "gleanin"], name: str
) -> None:
    client, acme = served.client(ADMIN), served.acme
    with pausing(served, side):
        previewed = client.post(f"/mappings/{acme.mapping}/preview", json={})
        listed = client.get(f"/organizations/{acme.organization}/events")
    assert (previewed.status_code, listed.status_code) == (502, 503)
    for answer in (previewed, listed):
        assert name in answer.json()["detail"]
        assert LATER in answer.json()["detail"]
    assert client.get(f"/organizations/{acme.organization}/events").is_success


def test_what_people_ask_for_is_answered_and_not_waited_for(served: Served) -> None:
    browser, acme = served.signed_in(ADMIN), served.acme
    with pausing(served, "sessionboard"):
        for page in ("events", "integrations/mappings/new"):
            answer = browser.get(f"/organizations/{acme.organization}/{page}")
            assert answer.status_code == 503
            assert LATER in answer.text


def test_a_token_is_not_tried_for_ten_minutes(served: Served) -> None:
    client, path = served.client(ADMIN), f"/organizations/{served.acme.organization}"
    token = {"token": "a-renewed-token-0123456789"}
    with pausing(served, "sessionboard"):
        answer = client.put(f"{path}/sessionboard-token", json=token)
        assert (answer.status_code, LATER in answer.json()["detail"]) == (503, True)
    with pausing(served, "gleanin"):
        answer = client.put(f"{path}/connection", json=token)
        assert (answer.status_code, LATER in answer.json()["detail"]) == (503, True)
