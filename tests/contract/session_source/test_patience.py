"""How long an answer asks us to wait."""

from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sessionboard.patience import asked_wait

NOW = datetime(2027, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": " 1.5 "}, 1.5),
        ({"Retry-After": "Fri, 01 Jan 2027 12:00:30 GMT"}, 30),
        ({"Retry-After": "Fri, 01 Jan 2027 11:00:00 GMT"}, 0),
        # By the sender's own clock, when it shows it.
        ({"Retry-After": "Fri, 01 Jan 2027 10:00:30 GMT", "Date": "Fri, 01 Jan 2027 10:00:00 GMT"}, 30),
        ({"RateLimit-Reset": "9"}, 9),
        ({"RateLimit-Reset": str(int(NOW.timestamp()) + 9)}, 9),
        ({"RateLimit-Reset": str(int(NOW.timestamp()) - 9)}, 0),
        ({"Retry-After": "7", "RateLimit-Reset": "9"}, 7),
        ({"Retry-After": "soon", "RateLimit-Reset": "9"}, 9),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "\u0661"}, None),
        ({"Retry-After": "inf"}, None),
    ],
)
def test_the_wait_is_read_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    assert asked_wait(httpx.Headers(encoded), NOW) == seconds


@given(st.text(), st.text(), st.text())
def test_any_header_is_read_or_left(retry_after: str, reset: str, date: str) -> None:
    wait = asked_wait({"retry-after": retry_after, "ratelimit-reset": reset, "date": date}, NOW)
    assert wait is None or wait >= 0
