"""Tokens are stored encrypted (rule 2), under keys that can be changed."""

import pytest
from cryptography.fernet import Fernet

from adapters.security.cipher import FernetCipher
from core.domain.tenancy.secrets import SealedToken, Token
from ports.cipher import DecryptionFailed, KeysUnusable, TokenCipher

TOKEN = Token("gl_live_0123456789abcdef")
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_rule_02_sealed_token_hides_and_returns_the_token() -> None:
    cipher: TokenCipher = FernetCipher([OLD])
    sealed = cipher.seal(TOKEN)
    assert TOKEN.value not in sealed.value
    assert TOKEN.hint not in repr(sealed)
    assert cipher.unseal(sealed) == TOKEN


def test_rule_02_sealing_twice_gives_different_results() -> None:
    cipher = FernetCipher([OLD])
    assert cipher.seal(TOKEN) != cipher.seal(TOKEN)


def test_new_key_encrypts_and_both_keys_decrypt() -> None:
    rotated = FernetCipher([NEW, OLD])
    assert rotated.unseal(FernetCipher([OLD]).seal(TOKEN)) == TOKEN
    assert FernetCipher([NEW]).unseal(rotated.seal(TOKEN)) == TOKEN


@pytest.mark.parametrize(
    "sealed",
    [FernetCipher([OLD]).seal(TOKEN), SealedToken("junk"), SealedToken("é")],
    ids=["sealed", "junk", "no base64"],
)
def test_token_sealed_with_a_lost_key_cannot_be_unsealed(sealed: SealedToken) -> None:
    with pytest.raises(DecryptionFailed, match="enter the token again"):
        FernetCipher([NEW]).unseal(sealed)


@pytest.mark.parametrize(
    "key",
    ["", "secret-but-short", NEW[:-2], NEW + "AAAA", "é" * 44, "!" * 44],
    ids=["empty", "short", "cut", "too long", "not ASCII", "not base64"],
)
def test_malformed_key_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(KeysUnusable, match="Secret key 2 is malformed") as caught:
        FernetCipher([OLD, key])
    assert not key or key not in str(caught.value)
    assert caught.value.__cause__ is None


def test_cipher_needs_a_key() -> None:
    with pytest.raises(KeysUnusable, match="There is no secret key"):
        FernetCipher([])


def test_rule_02_access_fields_are_sealed_as_one_document_that_any_key_opens() -> None:
    values = {"pin": "4711", "note": "Grüße 🐍", "long": "x" * 2000}
    sealed = FernetCipher([OLD]).seal_fields(values)
    assert not any(text in f"{sealed!r} {sealed.value}" for text in ("4711", "pin", "xxx"))
    assert FernetCipher([NEW, OLD]).unseal_fields(sealed) == values
    assert FernetCipher([NEW]).unseal_fields(FernetCipher([NEW, OLD]).seal_fields(values)) == values
    with pytest.raises(DecryptionFailed, match="access fields") as caught:
        FernetCipher([NEW]).unseal_fields(sealed)
    assert "4711" not in str(caught.value)
