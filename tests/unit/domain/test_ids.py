"""What can be one of our ids, before it is used in a query."""

import pytest

from core.domain.ids import MAX_ID_LENGTH, can_be_id


@pytest.mark.parametrize("text", ["k7mfw2q9xz4c", "x" * MAX_ID_LENGTH])
def test_printable_text_can_be_an_id(text: str) -> None:
    assert can_be_id(text)


@pytest.mark.parametrize("text", ["a\x00b", "a\nb", "a\u202eb", "\ud800", "x" * (MAX_ID_LENGTH + 1)])
def test_what_cannot_be_printed_or_is_too_long_is_no_id(text: str) -> None:
    assert not can_be_id(text)
