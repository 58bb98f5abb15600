"""Rows that cannot be read: each has an id that stays the same (rule 34)."""

import pytest

from core.domain.records.unreadable_rows import unreadable_row


@pytest.mark.parametrize("value", ["k1", 7])
def test_rule_34_the_id_is_the_rows_own(value: object) -> None:
    assert unreadable_row({"id": value, "name": "Opening"}, "It is odd.").id == str(value)
    assert unreadable_row({"key": value, "id": "other"}, "It is odd.", id_key="key").id == str(value)


@pytest.mark.parametrize("row", [None, [], {}, {"id": "k1"}, {"key": True}, {"key": " "}, {"key": "x" * 300}])
def test_rule_34_without_an_id_it_follows_from_the_content(row: object) -> None:
    first, again = (unreadable_row(row, "It is odd.", id_key="key").id for _ in range(2))
    assert first == again
    assert first.startswith("no-id:")
    assert first != unreadable_row([row], "It is odd.").id
