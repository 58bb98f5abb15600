"""Searching for records."""

import pytest

from core.domain.records.search import RecordSearch


@pytest.mark.parametrize(
    ("search", "fits"),
    [
        ("", True),
        ("  ", True),
        ("grace", True),
        ("HOPPER", True),
        ("Hopper@Example", True),
        ("person-1", True),
        (" person-1 ", True),
        ("person", False),
        ("PERSON-1", False),
        ("ada", False),
    ],
)
def test_a_record_is_found_by_label_e_mail_or_complete_id(search: str, *, fits: bool) -> None:
    assert RecordSearch(search).fits("Grace Hopper", "g.hopper@example.org", "person-1") is fits


def test_a_label_matches_in_any_case_and_normal_form_and_an_e_mail_exactly() -> None:
    assert RecordSearch("E\u0301MILIE").fits("Émilie", None, "1")
    assert RecordSearch("strasse").fits("Straße", None, "1")
    assert RecordSearch("straße@").fits("S", "STRASSE@x.org", "1") is False
