"""Organizations and their connections (rules 2, 3, 8 and 9)."""

import pytest

from core.domain.errors import InvalidInput, NotConfirmed
from core.domain.ids import OrganizationId
from core.domain.tenancy.organizations import MAX_NAME_LENGTH, Connection, Organization
from core.domain.tenancy.secrets import SealedToken
from tests.support.builders import HERE, NOW, at
from tests.support.systems import GLEANIN, SESSIONBOARD

ORGANIZATION = Organization(
    OrganizationId("org"),
    "Python Events",
    SESSIONBOARD,
    "https://sb.example.org",
    SealedToken("sealed-source"),
)


def connection() -> Connection:
    return Connection(HERE, ORGANIZATION.id, GLEANIN, SealedToken("sealed-token"), "wxyz", NOW)


def test_rule_08_disconnecting_needs_an_explicit_confirmation() -> None:
    with pytest.raises(NotConfirmed, match="Python Events"):
        connection().end(NOW, ORGANIZATION, "Another")


def test_rule_08_disconnecting_erases_the_token_and_its_hint() -> None:
    ended = connection().end(at(22), ORGANIZATION, ORGANIZATION.name)
    assert (ended.token, ended.token_hint, ended.ended_at, ended.is_open) == (None, "", at(22), False)


def test_rule_08_an_ended_connection_with_a_token_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="ended one has none"):
        Connection(HERE, ORGANIZATION.id, GLEANIN, SealedToken("x"), "", NOW, ended_at=NOW)


def test_rule_08_an_open_connection_without_a_token_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="open connection has a token"):
        Connection(HERE, ORGANIZATION.id, GLEANIN, None, "", NOW)


def test_rule_10_there_is_no_way_to_reopen_a_connection() -> None:
    assert [name for name in dir(Connection) if "open" in name] == ["is_open", "opened_at"]


def test_rule_02_no_representation_holds_a_sealed_token() -> None:
    for thing in (ORGANIZATION, connection()):
        assert "sealed-" not in f"{thing!r} {thing}"


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\x1b[31mb", "a\u202eb", "x" * (MAX_NAME_LENGTH + 1)])
def test_an_organization_needs_a_printable_name_of_a_sensible_length(name: str) -> None:
    with pytest.raises(InvalidInput, match="name"):
        Organization(OrganizationId("org"), name, SESSIONBOARD, "https://sb.example.org", SealedToken("x"))


@pytest.mark.parametrize("name", ["x" * MAX_NAME_LENGTH, "Société d'Événements", "日本語", "🐍"])
def test_an_organization_can_be_named_in_any_language(name: str) -> None:
    assert (
        Organization(
            OrganizationId("org"), name, SESSIONBOARD, "https://sb.example.org", SealedToken("x")
        ).name
        == name
    )
