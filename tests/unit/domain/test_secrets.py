"""Tokens are never shown (rule 2)."""

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.errors import InvalidInput
from core.domain.tenancy.secrets import SealedToken, Token

TOKENS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=200)


@given(TOKENS)
def test_rule_02_at_most_the_last_four_characters_of_a_token_are_shown(value: str) -> None:
    hint = Token(value).hint
    assert len(hint) <= 4
    assert value.endswith(hint)
    assert hint == "" or len(hint) * 3 <= len(value), "four characters of a short token tell too much"


@pytest.mark.parametrize("token", [Token("glean-secret-value"), SealedToken("glean-secret-value")])
def test_rule_02_no_representation_holds_a_token(token: Token | SealedToken) -> None:
    for shown in (repr(token), str(token), f"{token}", f"{[token]}", "%s" % (token,)):  # noqa: UP031 - each way counts
        assert "secret" not in shown


@pytest.mark.parametrize(
    "value", ["", " ", "two words", "line\nbreak", "tab\t", "caf\u00e9", "x" * 5000, "a\x00b", "\u200babc"]
)
def test_rule_02_an_invalid_token_is_refused_without_being_quoted(value: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        Token(value)
    assert "token" in str(refusal.value)
    assert not value.strip() or value not in str(refusal.value)


def test_rule_02_a_token_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Token("abc").value = "other"  # type: ignore[misc]
