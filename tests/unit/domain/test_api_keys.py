"""API keys: their names, and what is stored of them."""

import pytest

from core.domain.access.api_keys import ApiKey, hash_secret
from core.domain.access.authorization import Grant, Permission, Role
from core.domain.errors import InvalidInput
from core.domain.ids import ApiKeyId, OrganizationId
from tests.support.builders import NOW, at

OURS = OrganizationId("ours")


def key(name: str = "export") -> ApiKey:
    grant = Grant(Role.VIEWER, OURS)
    return ApiKey(ApiKeyId("k1"), name, hash_secret("gls_secret"), grant, NOW, "ada@example.org")


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "nul\0", "\ud800", "x" * 101])
def test_a_key_needs_a_name_that_can_be_shown(name: str) -> None:
    with pytest.raises(InvalidInput, match="An API key needs a name"):
        key(name)


def test_a_key_acts_under_its_name_with_its_role() -> None:
    actor = key("夜間エクスポート").actor
    assert actor.name == "API key 夜間エクスポート"
    assert actor.may(Permission.READ, OURS)
    assert not actor.may(Permission.SYNC, OURS)
    assert not actor.may(Permission.READ, OrganizationId("theirs"))


def test_revoking_a_key_again_keeps_the_first_time() -> None:
    revoked = key().revoke(NOW)
    assert key().is_valid
    assert not revoked.is_valid
    assert revoked.revoke(at(28)).revoked_at == NOW


def test_a_digest_does_not_contain_the_secret_and_differs_for_each() -> None:
    assert "secret" not in hash_secret("secret")
    assert hash_secret("secret") == hash_secret("secret") != hash_secret("secreu")


def test_any_text_has_a_digest() -> None:
    assert len({hash_secret(shown) for shown in ("", "\0", "\ud800", "é", "x" * 100_000)}) == 5
