"""What an admin must enter to access a system (rules 1, 2 and 43)."""

from typing import Any

import pytest

from core.domain.errors import InvalidInput
from core.domain.systems import ExternalSystem
from core.domain.tenancy.access_fields import AccessField, AccessRequirements, check_different
from core.domain.tenancy.secrets import NO_TOKEN, SealedCredentials, SealedFields, SealedToken, Token

ELSEWHERE = ExternalSystem("elsewhere", "Elsewhere")
PIN = AccessField("pin", "PIN", is_secret=True)
LID = AccessField("lid", "Lid", choices=("open", "shut"))
NOTE = AccessField("note", "Note", is_required=False)
NEEDED = AccessRequirements(ELSEWHERE, (PIN, LID, NOTE), needs_url=False)
TOKEN = Token("some-token-1234")
VALID = {"pin": "1234", "lid": "open"}


@pytest.mark.parametrize(
    ("name", "options", "problem"),
    [
        ("Pin", {}, "lower-case letters"),
        ("1pin", {}, "lower-case letters"),
        ("pin-code", {}, "lower-case letters"),
        ("", {}, "lower-case letters"),
        ("x" * 41, {}, "lower-case letters"),
        ("url", {}, "region, token, url are taken"),
        ("region", {}, "are taken"),
        ("token", {}, "are taken"),
        ("pin", {"label": " "}, "label"),
        ("pin", {"label": "a\nb"}, "label"),
        ("pin", {"choices": ("a", "a")}, "different choices"),
        ("pin", {"choices": ("a", "")}, "different choices"),
        ("pin", {"choices": ("a", " b")}, "different choices"),
        ("pin", {"choices": ("a", "b"), "is_secret": True}, "cannot be a secret"),
    ],
)
def test_rule_43_a_field_that_cannot_be_used_is_refused(
    name: str, options: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        AccessField(name, **{"label": "Label", **options})


def test_rule_43_two_fields_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two access fields 'pin'"):
        check_different([PIN, NOTE, AccessField("pin", "Another")])


def test_rule_43_values_are_trimmed_and_optional_empty_ones_are_left_out() -> None:
    entered = {"note": " ", "lid": "open", "pin": " 1234 "}
    access = NEEDED.check("", TOKEN, entered)
    assert dict(access.fields) == {"pin": "1234", "lid": "open"}
    assert (access.url, access.token) == ("", TOKEN)
    assert dict(NEEDED.check("", TOKEN, {**VALID, "note": "x" * 2000}).fields)["note"] == "x" * 2000


@pytest.mark.parametrize(
    ("values", "about", "sentence"),
    [
        ({"lid": "open"}, "access.pin", "PIN (pin) of Elsewhere is missing. Enter it."),
        ({**VALID, "pin": "  "}, "access.pin", "PIN (pin) of Elsewhere is missing. Enter it."),
        (
            {**VALID, "lid": "ajar"},
            "access.lid",
            "Lid (lid) of Elsewhere must be one of: open, shut. Choose one of them.",
        ),
        (
            {**VALID, "pin": "s" * 2001},
            "access.pin",
            "PIN (pin) of Elsewhere is longer than 2,000 characters. Enter a shorter value.",
        ),
        ({**VALID, "note": "a\nb"}, "access.note", "Note (note) of Elsewhere contains line breaks"),
        ({**VALID, "pim": "1"}, "access.pim", "Elsewhere has no access field 'pim'. Use pin, lid, note."),
    ],
)
def test_rule_01_a_wrong_value_is_named_with_what_is_allowed_and_never_repeated(
    values: dict[str, str], about: str, sentence: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        NEEDED.check("", TOKEN, values)
    assert str(caught.value).startswith(sentence)
    assert caught.value.about == about
    assert "ajar" not in str(caught.value)
    assert "sss" not in str(caught.value)


def test_rule_43_a_field_of_a_system_that_has_none_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"has no access field 'pin'\. It has none: leave it out"):
        AccessRequirements(ELSEWHERE, needs_url=False).check("", TOKEN, {"pin": "1"})


@pytest.mark.parametrize(
    ("needs_token", "needs_url", "url", "token", "about", "problem"),
    [
        (True, False, "", NO_TOKEN, "token", "Elsewhere needs an API token. Enter it."),
        (False, False, "", TOKEN, "token", "Elsewhere needs no token. Leave it out."),
        (True, True, "", TOKEN, "url", "Elsewhere needs the URL of its API. Enter it."),
        (True, False, "https://x.example.org", TOKEN, "url", "Elsewhere needs no URL: it is known."),
    ],
)
def test_rule_43_a_token_and_a_url_are_given_just_where_they_are_needed(
    *, needs_token: bool, needs_url: bool, url: str, token: Token, about: str, problem: str
) -> None:
    needed = AccessRequirements(ELSEWHERE, needs_token=needs_token, needs_url=needs_url)
    with pytest.raises(InvalidInput, match=problem) as caught:
        needed.check(url, token, {})
    assert caught.value.about == about


def test_no_token_is_false_and_any_other_is_true() -> None:
    assert not NO_TOKEN
    assert TOKEN
    assert NO_TOKEN.value == NO_TOKEN.hint == ""
    with pytest.raises(InvalidInput):
        Token("")


def test_rule_02_no_representation_shows_a_value() -> None:
    access = NEEDED.check("", TOKEN, VALID)
    sealed = SealedCredentials("", SealedToken("sealed-token"), SealedFields("sealed-1234"))
    text = f"{access!r} {access} {sealed!r} {sealed}"
    assert not any(secret in text for secret in ("1234", "open", "sealed-"))
