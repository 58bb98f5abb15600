from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.domain.backoff import backoff, spread

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_delay_doubles_with_each_failure_up_to_a_maximum() -> None:
    assert [backoff(1.0, failures, 5.0) for failures in range(1, 6)] == [1, 2, 4, 5, 5]
    assert [backoff(MINUTE, failures, HOUR) / MINUTE for failures in (1, 2, 6, 7, 10**6)] == [
        1,
        2,
        32,
        60,
        60,
    ]


@given(st.floats(0, 1))
def test_spread_delay_stays_between_its_bounds(share: float) -> None:
    assert MINUTE <= spread(MINUTE, HOUR, share) <= HOUR
    assert (spread(1.0, 3.0, 0), spread(1.0, 3.0, 0.5), spread(1.0, 3.0, 1)) == (1, 2, 3)
