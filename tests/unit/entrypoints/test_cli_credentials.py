"""What is entered on the command line to access a system (rules 2 and 43)."""

from typing import Any

import pytest
import typer

from core.domain.tenancy.access_fields import AccessField
from core.domain.tenancy.secrets import NO_TOKEN
from entrypoints.cli import credentials
from entrypoints.cli.credentials import access_values, ask_missing, ask_token
from ports.plugins import SourcePlugin

PIN = AccessField("pin", "PIN", is_secret=True)
LID = AccessField("lid", "Lid", choices=("open", "shut"))
NOTE = AccessField("note", "Note", is_required=False)


def no_source(*_: object) -> Any:
    raise NotImplementedError


LEAFLET = SourcePlugin("leaflet", "Toy Leaflet", no_source, access_fields=(PIN, LID, NOTE), needs_token=False)


def test_a_value_may_be_empty_or_contain_anything() -> None:
    assert access_values(None) == {}
    assert access_values(["pin=a=b", "note="]) == {"pin": "a=b", "note": ""}


@pytest.mark.parametrize("options", [["secret"], ["=secret"], ["pin=secret", "pin=secret"]])
def test_rule_02_a_wrong_option_is_not_repeated(options: list[str]) -> None:
    with pytest.raises(typer.BadParameter) as caught:
        access_values(options)
    assert caught.value.param_hint == "--access"
    assert "secret" not in str(caught.value)


def test_required_fields_that_are_missing_are_asked_for_at_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[str, bool]] = []

    def prompt(question: str, *, hide_input: bool, err: bool) -> str:
        assert err
        asked.append((question, hide_input))
        return "answer"

    monkeypatch.setattr(typer, "prompt", prompt)
    monkeypatch.setattr(credentials, "has_terminal", lambda: False)
    assert ask_missing(LEAFLET, {"lid": "open"}) == {"lid": "open"}
    assert asked == []
    monkeypatch.setattr(credentials, "has_terminal", lambda: True)
    assert ask_missing(LEAFLET, {}) == {"pin": "answer", "lid": "answer"}
    assert asked == [("PIN", True), ("Lid (one of open, shut)", False)]
    assert ask_missing(None, {}) == {}


def test_rule_43_no_token_is_asked_for_where_none_is_needed() -> None:
    assert ask_token("leaflet", LEAFLET, from_stdin=False) is NO_TOKEN
    with pytest.raises(typer.BadParameter, match="Toy Leaflet needs no token"):
        ask_token("leaflet", LEAFLET, from_stdin=True)
