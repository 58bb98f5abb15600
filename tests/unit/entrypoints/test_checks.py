"""The clock check of `doctor`."""

from datetime import UTC, datetime, timedelta

import pytest

from entrypoints.cli.checks import CheckStatus, _clock

NOW = datetime(2027, 5, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize("of_database", [None, NOW, NOW + timedelta(seconds=5), NOW - timedelta(seconds=5)])
def test_a_clock_that_agrees_with_the_databases_is_well(of_database: datetime | None) -> None:
    assert _clock(NOW, of_database).health is CheckStatus.OK


@pytest.mark.parametrize("seconds", [6, -90])
def test_a_clock_that_is_off_says_by_how_much_and_what_to_do(seconds: int) -> None:
    check = _clock(NOW, NOW + timedelta(seconds=seconds))
    assert check.health is CheckStatus.WARNING
    assert f"is {abs(seconds)} seconds off" in check.message
    assert "NTP" in check.message


def test_a_clock_of_another_age_cannot_be_right() -> None:
    assert "cannot be right" in _clock(datetime(1970, 1, 1, tzinfo=UTC), None).message
