"""The number of values in a JSON text, counted without parsing it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http_client.json_values import end_of_values

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.text(alphabet=',[{"\\ '),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(alphabet=',[{"\\:a'), inner, max_size=5)
    ),
    max_leaves=30,
)


def separators(value: object) -> int:
    match value:
        case dict():
            inner = [*value.values()]
        case list():
            inner = value
        case _:
            return 0
    return 1 + max(0, len(inner) - 1) + sum(map(separators, inner))


@given(JSON, st.booleans())
def test_separators_inside_strings_are_not_counted(value: object, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    count = separators(value)
    assert end_of_values(text, count) is None
    if count:
        end = end_of_values(bytearray(text), count - 1)
        assert end is not None
        assert text[end - 1 : end] in (b",", b"[", b"{")


@given(st.text(alphabet='[]{},:"\\ a1').map(str.encode), st.integers(0, 5))
def test_invalid_json_is_bounded_too(text: bytes, most: int) -> None:
    end = end_of_values(text, most)
    assert end is None or end_of_values(text[:end], most) == end


@pytest.mark.parametrize(
    "text",
    [
        b"," * 10 + b'"' + b"," * 10**6,
        b'"' + b"\\" * 10**6 + b"," * 10,
        b" " * 10**6 + b'"' + b"," * 10**6,
        b'"a"' * 10**6 + b'"' + b"," * 10**6,
    ],
    ids=["open string", "escapes", "blanks", "strings"],
)
def test_scan_never_backtracks(text: bytes) -> None:
    assert end_of_values(text, 100) is None
