"""The pauses that responses ask for, the delays between attempts, and when the client gives up."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http_client.errors import Throttled, TooSlow, TransientError
from adapters.http_client.retries import INTERACTIVE, RetryPolicy, RetryState, send_with_retries
from adapters.http_client.retry_after import requested_pause, retry_after
from entrypoints.http.capacity import MAX_WAIT_SECONDS
from tests.support.assertions import present
from tests.support.timeouts import WITHIN

HOST = "gleanin.example.org"

NOW = datetime(2027, 7, 21, 9, 15, tzinfo=UTC)
HERE = format_datetime(NOW, usegmt=True)
LATER = format_datetime(NOW + timedelta(seconds=90), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": " 1.5 "}, 1),
        ({"Retry-After": LATER, "Date": HERE}, 90),
        ({"Retry-After": HERE, "Date": LATER}, 0),
        ({"Retry-After": "999999"}, 999999),
        ({"Retry-After": "9" * 400}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "soon"}, None),
        ({"RateLimit-Reset": "30"}, None),
    ],
)
def test_retry_after_accepts_seconds_and_dates(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(httpx.Headers(headers)) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"RateLimit-Reset": "30"}, 30),
        ({"RateLimit-Reset": "1000000000"}, 0),
        ({"RateLimit-Reset": "1000000000000"}, 0),
        ({"RateLimit-Reset": "30", "Retry-After": "3"}, 3),
        ({"RateLimit-Reset": "30", "Retry-After": "soon"}, 30),
        ({"RateLimit-Reset": "later"}, None),
    ],
)
def test_pause_comes_from_retry_after_or_ratelimit_reset(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert requested_pause(httpx.Headers(headers)) == seconds


@pytest.mark.parametrize("a_second", [1, 1000], ids=["in seconds", "in milliseconds"])
def test_ratelimit_reset_can_be_a_point_in_time(a_second: int) -> None:
    reset = (int(time.time()) + 60) * a_second
    wait = present(requested_pause(httpx.Headers({"RateLimit-Reset": str(reset)})))
    assert 55 < wait <= 60


def test_a_date_without_a_date_header_is_compared_with_our_clock() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=600), usegmt=True)
    wait = present(retry_after(httpx.Headers({"Retry-After": soon})))
    assert 590 < wait <= 600


@given(st.text(), st.text(), st.text())
def test_any_header_value_is_parsed_or_ignored(retry: str, reset: str, date: str) -> None:
    wait = requested_pause({"retry-after": retry, "ratelimit-reset": reset, "date": date})
    assert wait is None or wait >= 0


def test_attempts_are_limited() -> None:
    state = RetryState(RetryPolicy(max_attempts=3))
    assert [bool(state.delay_after(TransientError("broke"))) for _ in range(3)] == [True, True, False]


def test_own_delays_grow_to_a_maximum() -> None:
    state = RetryState(RetryPolicy(first_delay=1, max_delay=5, jitter=0))
    assert [state.delay_after(Throttled(None)) for _ in range(5)] == [1, 2, 4, 5, 5]


def test_a_requested_delay_is_used_with_jitter() -> None:
    waits = {RetryState(RetryPolicy(jitter=1)).delay_after(Throttled(7.0)) for _ in range(20)}
    assert all(wait is not None and 7 <= wait <= 8 for wait in waits)
    assert len(waits) > 1


def test_constant_zero_retry_after_is_not_a_busy_loop() -> None:
    state = RetryState(RetryPolicy(first_delay=1, jitter=0))
    assert [state.delay_after(Throttled(0)) for _ in range(3)] == [1, 2, 4]


@pytest.mark.parametrize("requested", [901, 3600])
def test_a_requested_hour_is_cut_to_15_minutes(requested: float) -> None:
    state = RetryState(RetryPolicy(jitter=0))
    assert [state.delay_after(Throttled(requested)) for _ in range(5)] == [900, 900, 900, 900, None]


@pytest.mark.parametrize("trouble", [Throttled(86_400), TransientError("is down", 86_400)])
def test_a_requested_day_gives_up_immediately(trouble: TransientError) -> None:
    assert RetryState(RetryPolicy(jitter=0)).delay_after(trouble) is None


def interactive(time_limit: float = INTERACTIVE.time_limit) -> RetryPolicy:
    return replace(INTERACTIVE, first_delay=0.001, jitter=0, time_limit=time_limit).started()


def test_interactive_requests_do_not_wait_for_long_pauses() -> None:
    state = RetryState(interactive())
    assert state.delay_after(Throttled(2)) == 2
    assert state.delay_after(Throttled(INTERACTIVE.max_total_wait + 1)) is None


def test_interactive_requests_do_not_wait_past_their_time_limit() -> None:
    assert RetryState(interactive(time_limit=1)).delay_after(Throttled(2)) is None


def test_interactive_requests_take_at_most_45_seconds() -> None:
    assert INTERACTIVE.time_limit + MAX_WAIT_SECONDS <= 45
    assert INTERACTIVE.max_total_wait < INTERACTIVE.time_limit


async def test_slow_responses_share_one_time_limit() -> None:
    policy = interactive(time_limit=0.01)

    async def read_everything() -> None:
        while True:
            await send_with_retries(policy, HOST, lambda: asyncio.sleep(0.001))

    with pytest.raises(TooSlow):
        await asyncio.wait_for(read_everything(), WITHIN)
