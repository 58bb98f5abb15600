"""Signed texts."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from adapters.security.signer import ItsdangerousSigner
from ports.signer import BadSignature, Signer

NOW = datetime(2027, 5, 1, 9, 30, 15, 123456, tzinfo=UTC)
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
Make = Callable[[Sequence[str]], Signer]


@pytest.fixture(params=[ItsdangerousSigner])
def make(request: pytest.FixtureRequest) -> Make:
    """Return a function that makes signers from keys."""
    made: Make = request.param
    return made


@pytest.fixture
def signer(make: Make) -> Signer:
    return make([NEW])


@pytest.mark.parametrize(
    "text", ["", "first account", '["o1","g1"]', "\0", "ünï ☃ 🔑", "a.b-c_d", "x" * 10_000]
)
def test_a_text_comes_back_with_its_moment(signer: Signer, text: str) -> None:
    assert signer.read("portal", signer.sign("portal", text, NOW)) == (text, NOW)


@pytest.mark.parametrize(
    "at",
    [
        NOW,
        NOW.astimezone(timezone(timedelta(hours=-7))),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2199, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
)
def test_a_moment_comes_back_as_the_same_instant_in_utc(signer: Signer, at: datetime) -> None:
    """To the microsecond: what was made right after a revocation is not revoked."""
    _, signed_at = signer.read("portal", signer.sign("portal", "text", at))
    assert (signed_at, signed_at.tzinfo) == (at, UTC)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_signed_can_stand_in_an_address(text: str) -> None:
    signer = ItsdangerousSigner([NEW])
    signed = signer.sign("portal", text, NOW)
    assert re.fullmatch(r"[A-Za-z0-9._-]+", signed)
    assert signer.read("portal", signed)[0] == text


def test_what_was_signed_for_another_purpose_is_not_signed(signer: Signer) -> None:
    signed = signer.sign("portal", "text", NOW)
    for purpose in ("sign-up", "", "Portal", "portal "):
        with pytest.raises(BadSignature):
            signer.read(purpose, signed)


def test_what_was_changed_anywhere_is_not_signed(signer: Signer) -> None:
    signed = signer.sign("portal", "text", NOW)
    # The last character but for its unused bits.
    for spot in range(len(signed) - 1):
        other = "A" if signed[spot] != "A" else "B"
        with pytest.raises(BadSignature):
            signer.read("portal", signed[:spot] + other + signed[spot + 1 :])
    for changed in (
        signed[1:],
        signed[:-1],
        signed + "A",
        signed + ".",
        signed.replace(".", "", 1),
        signed * 2,
    ):
        with pytest.raises(BadSignature):
            signer.read("portal", changed)


@pytest.mark.parametrize(
    "text", ["", ".", "..", "nothing", "\0", "\ud800", "ü.ü", "a.b.c", "." * 1_000, "x" * 100_000]
)
def test_any_other_text_is_not_signed(signer: Signer, text: str) -> None:
    with pytest.raises(BadSignature):
        signer.read("portal", text)


def test_what_another_installation_signed_is_not_signed(make: Make, signer: Signer) -> None:
    with pytest.raises(BadSignature):
        signer.read("portal", make([OLD]).sign("portal", "text", NOW))


def test_keys_are_rotated_by_putting_a_new_one_first(make: Make) -> None:
    before, during, after = make([OLD]), make([NEW, OLD]), make([NEW])
    old, new = before.sign("portal", "old", NOW), during.sign("portal", "new", NOW)
    assert during.read("portal", old) == ("old", NOW)
    assert after.read("portal", new) == ("new", NOW)
    with pytest.raises(BadSignature):
        after.read("portal", old)
    with pytest.raises(BadSignature):
        before.read("portal", new)
