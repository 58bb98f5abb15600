"""Single pages: parsed strictly, parsed leniently, or described as invalid."""

import pytest

from adapters.sessionboard.parsing import SESSION_SCHEMA, PageRead, WrongShape, has_rows
from adapters.sessionboard.tally import PAGE_SIZE
from core.domain.records.source_records import Session, Unreadable


def read_page(body: bytes) -> PageRead[Session]:
    return SESSION_SCHEMA.read_page(body, PAGE_SIZE)


def test_strict_and_lenient_parsing_agree() -> None:
    well = b'{"results": [{"id": "s1", "title": "A"}], "pagination": {"totalPages": 3, "totalResults": 201}}'
    odd = well.replace(b'"A"', b'["?"]').replace(b"3", b'"3"')
    assert read_page(well).totals == read_page(odd).totals
    assert read_page(well).ids == read_page(odd).ids


def test_byte_order_mark_before_a_page_is_ignored() -> None:
    well = b'{"results": [{"id": "s1", "title": "A"}], "pagination": {"totalPages": 3, "totalResults": 201}}'
    assert read_page(b"\xef\xbb\xbf" + well) == read_page(well)
    assert has_rows(b"\xef\xbb\xbf" + well)


def test_invalid_pagination_keeps_the_rows() -> None:
    for pagination in (b"null", b"[]", b'"x"', b'{"totalPages": {}}', b'{"total_pages": null}'):
        page = read_page(b'{"data": [{"id": 1}], "pagination": %s}' % pagination)
        assert page.ids == ["1"]
        assert page.totals.total_pages is None


def test_total_with_thousands_of_digits_keeps_the_rows() -> None:
    page = read_page(b'{"results": [{"id": 1}], "pagination": {"totalResults": "%s"}}' % (b"9" * 5000))
    assert page.ids == ["1"]
    assert (page.totals.total_results or 0) > 10**15


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "invalid JSON"),
        (b"<html>", "invalid JSON"),
        (b"\xff", "invalid JSON"),
        (b"[" * 100_000, "invalid JSON"),
        (b"[]", "a list instead of an object"),
        (b"null", "null instead of an object"),
        (b"{}", "an object without results"),
        (b'{"error": "x"}', "an object without results"),
        (b'{"results": null}', "an object without results"),
        (b'{"results": null, "pagination": {"totalResults": 3}}', "an object without results"),
        (b'{"results": {}}', "results that are an object instead of a list"),
        (b'{"results": "x", "data": []}', "results that are text instead of a list"),
    ],
)
def test_invalid_page_is_described_without_a_quote(body: bytes, words: str) -> None:
    with pytest.raises(WrongShape, match=words):
        read_page(body)


def test_null_results_with_a_zero_total_are_empty() -> None:
    assert read_page(b'{"results": null, "pagination": {"totalResults": 0}}').ids == []


def test_too_long_id_makes_only_its_row_unreadable() -> None:
    page = read_page(b'{"results": [{"id": "%s", "title": "Long"}, {"id": "s2"}]}' % (b"x" * 256))
    assert page.ids[1] == "s2"
    assert isinstance(page.records[0], Unreadable)
    assert page.records[0].label == "Long"
    assert len(page.records[0].id) < 256


def test_rows_nested_too_deeply_are_reported() -> None:
    deep = b'{"a":' * 700 + b"1" + b"}" * 700
    page = read_page(b'{"results": [{"id": "s1", "title": [], "x": %s}, {"id": "s2"}]}' % deep)
    assert page.ids == ["s1", "s2"]
