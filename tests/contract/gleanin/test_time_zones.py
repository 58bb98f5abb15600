"""Gleanin's time zones, by their names in IANA and in Rails (rule 7)."""

import httpx
import pytest

from adapters.gleanin.time_zones import RAILS_ZONES, iana_name
from core.domain.tenancy.time_zones import zone_named
from tests.contract.gleanin.conftest import Opening


@pytest.mark.parametrize(
    ("reported", "understood"),
    [
        ("Europe/Paris", "Europe/Paris"),
        (" Europe/Paris\u200b", "Europe/Paris"),
        ("UTC", "UTC"),
        ("Eastern Time (US & Canada)", "America/New_York"),
        ("EASTERN TIME (us & canada)", "America/New_York"),
        ("(GMT-05:00) Eastern Time (US & Canada)", "America/New_York"),
        ("(UTC+01:00) Paris", "Europe/Paris"),
        ("(GMT+0530) Mumbai", "Asia/Kolkata"),
        ("(GMT) London", "Europe/London"),
        ("(GMT+01:00) Europe/Berlin", "Europe/Berlin"),
        ("Nuku'alofa", "Pacific/Tongatapu"),
        ("Mars/Olympus", "Mars/Olympus"),
        ("(GMT+99:00) Mars", "(GMT+99:00) Mars"),
        ("../etc/passwd", "../etc/passwd"),
        ("", None),
        (" ", None),
        (None, None),
    ],
)
def test_rule_07_unknown_zone_keeps_its_name(reported: str | None, understood: str | None) -> None:
    assert iana_name(reported) == understood


@pytest.mark.parametrize("name", RAILS_ZONES)
def test_rule_07_every_rails_zone_is_known(name: str) -> None:
    zone = RAILS_ZONES[name]
    assert zone_named(zone) is not None
    assert iana_name(name) in (zone, name)
    assert zone_named(iana_name(f"(GMT-05:00) {name.upper()}")) is not None


def test_rule_07_all_rails_zones_are_listed() -> None:
    assert len(RAILS_ZONES) == 151


async def test_rule_07_event_zone_is_translated_on_input(answered_by: Opening) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        zones = {"1": "(GMT-05:00) Eastern Time (US & Canada)", "2": "Mars/Olympus", "3": None}
        events = [
            {"id": key, "attributes": {"title": "PyCon", "time_zone": zone}} for key, zone in zones.items()
        ]
        return httpx.Response(200, json={"data": events})

    async with answered_by(answer) as gleanin:
        assert [event.time_zone for event in await gleanin.events()] == [
            "America/New_York",
            "Mars/Olympus",
            None,
        ]
