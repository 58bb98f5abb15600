"""How long an answer asks us to wait, how long we wait, and when we give up."""

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
from entrypoints.http.capacity import WAITS_AT_MOST
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
def test_retry_after_is_read_in_each_of_its_forms(headers: dict[str, str], seconds: float | None) -> None:
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
def test_a_used_up_rate_limit_tells_its_pause_in_one_of_two_headers(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert requested_pause(httpx.Headers(headers)) == seconds


@pytest.mark.parametrize("a_second", [1, 1000], ids=["in seconds", "in milliseconds"])
def test_a_reset_can_be_a_point_in_time(a_second: int) -> None:
    reset = (int(time.time()) + 60) * a_second
    wait = present(requested_pause(httpx.Headers({"RateLimit-Reset": str(reset)})))
    assert 55 < wait <= 60


def test_a_date_without_the_other_sides_clock_is_compared_with_ours() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=600), usegmt=True)
    wait = present(retry_after(httpx.Headers({"Retry-After": soon})))
    assert 590 < wait <= 600


@given(st.text(), st.text(), st.text())
def test_any_header_is_read_or_left(retry: str, reset: str, date: str) -> None:
    wait = requested_pause({"retry-after": retry, "ratelimit-reset": reset, "date": date})
    assert wait is None or wait >= 0


def test_what_falters_is_tried_so_many_times_and_no_more() -> None:
    state = RetryState(RetryPolicy(max_attempts=3))
    assert [bool(state.delay_after(TransientError("broke"))) for _ in range(3)] == [True, True, False]


def test_own_waits_grow_and_then_stay() -> None:
    state = RetryState(RetryPolicy(first_delay=1, max_delay=5, jitter=0))
    assert [state.delay_after(Throttled(None)) for _ in range(5)] == [1, 2, 4, 5, 5]


def test_a_wait_that_was_asked_for_is_kept_and_spread() -> None:
    waits = {RetryState(RetryPolicy(jitter=1)).delay_after(Throttled(7.0)) for _ in range(20)}
    assert all(wait is not None and 7 <= wait <= 8 for wait in waits)
    assert len(waits) > 1


def test_zero_for_ever_does_not_become_a_busy_loop() -> None:
    state = RetryState(RetryPolicy(first_delay=1, jitter=0))
    assert [state.delay_after(Throttled(0)) for _ in range(3)] == [1, 2, 4]


@pytest.mark.parametrize("asked", [901, 3600])
def test_an_hour_is_cut_to_a_quarter_of_it_and_asked_for_again(asked: float) -> None:
    state = RetryState(RetryPolicy(jitter=0))
    assert [state.delay_after(Throttled(asked)) for _ in range(5)] == [900, 900, 900, 900, None]


@pytest.mark.parametrize("trouble", [Throttled(86_400), TransientError("is down", 86_400)])
def test_a_day_is_longer_than_is_waited_in_all_and_not_waited_for_at_all(trouble: TransientError) -> None:
    assert RetryState(RetryPolicy(jitter=0)).delay_after(trouble) is None


def interactive(time_limit: float = INTERACTIVE.time_limit) -> RetryPolicy:
    return replace(INTERACTIVE, first_delay=0.001, jitter=0, time_limit=time_limit).started()


def test_a_person_waits_for_no_pause_that_is_longer_than_a_few_seconds() -> None:
    state = RetryState(interactive())
    assert state.delay_after(Throttled(2)) == 2
    assert state.delay_after(Throttled(INTERACTIVE.max_total_wait + 1)) is None


def test_a_person_waits_for_no_pause_that_outlasts_the_time_that_is_left() -> None:
    assert RetryState(interactive(time_limit=1)).delay_after(Throttled(2)) is None


def test_nobody_waits_longer_than_three_quarters_of_a_minute() -> None:
    assert INTERACTIVE.time_limit + WAITS_AT_MOST <= 45
    assert INTERACTIVE.max_total_wait < INTERACTIVE.time_limit


async def test_answers_that_take_their_time_share_what_there_is() -> None:
    policy = interactive(time_limit=0.01)

    async def read_everything() -> None:
        while True:
            await send_with_retries(policy, HOST, lambda: asyncio.sleep(0.001))

    with pytest.raises(TooSlow):
        await asyncio.wait_for(read_everything(), WITHIN)
