"""External ids, by which our records in Gleanin are found again (rules 10 and 32)."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.ids import ConnectionId, SourceId, external_id, parse_external_id
from tests.support.systems import SESSIONBOARD

CONNECTIONS = st.text(string.ascii_lowercase + string.digits, min_size=1).map(ConnectionId)
SOURCES = st.text(min_size=1).map(SourceId)


@given(CONNECTIONS, SOURCES)
def test_rule_32_an_external_id_is_parsed_as_it_was_built(connection: ConnectionId, source: SourceId) -> None:
    assert parse_external_id(SESSIONBOARD, external_id(SESSIONBOARD, connection, source)) == (
        connection,
        source,
    )


@given(CONNECTIONS, SOURCES, CONNECTIONS, SOURCES)
def test_rule_32_two_records_never_have_the_same_external_id(
    connection: ConnectionId, source: SourceId, other_connection: ConnectionId, other_source: SourceId
) -> None:
    same = external_id(SESSIONBOARD, connection, source) == external_id(
        SESSIONBOARD, other_connection, other_source
    )
    assert same == ((connection, source) == (other_connection, other_source))


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "17",
        "sessionboard",
        "sessionboard:",
        "sessionboard:c",
        "sessionboard:c:",
        "x:sessionboard:c:s",
    ],
)
def test_rule_19_a_foreign_external_id_is_not_parsed_as_ours(text: str | None) -> None:
    assert parse_external_id(SESSIONBOARD, text) is None


@given(st.text())
def test_rule_29_any_text_is_parsed_without_an_error(text: str) -> None:
    parsed = parse_external_id(SESSIONBOARD, text)
    assert parsed is None or external_id(SESSIONBOARD, *parsed) == text
