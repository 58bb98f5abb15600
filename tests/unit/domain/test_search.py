"""Whether a record is what somebody looks for."""

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
def test_a_record_is_found_by_its_label_its_email_or_its_whole_id(search: str, *, fits: bool) -> None:
    assert RecordSearch(search).fits("Grace Hopper", "g.hopper@example.org", "person-1") is fits


def test_a_label_is_found_in_whatever_case_and_normal_form_an_email_without_taking_one_letter_for_two() -> (
    None
):
    assert RecordSearch("E\u0301MILIE").fits("Émilie", None, "1")
    assert RecordSearch("strasse").fits("Straße", None, "1")
    assert RecordSearch("straße@").fits("S", "STRASSE@x.org", "1") is False
