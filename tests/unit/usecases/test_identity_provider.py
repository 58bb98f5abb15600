"""Signing in with an OpenID Connect provider: finding the account at the first and at later sign-ins."""

import pytest

from core.domain.access.audit import Action
from core.domain.access.authorization import COMMAND_LINE
from core.domain.access.identities import ProviderIdentity
from core.domain.errors import EmailNotVerified, IdentityMismatch, InvalidInput, NotAuthenticated, NotFound
from tests.support.access_harness import ADA, HOME, AccessHarness
from tests.support.harness import Harness

GRACE = "grace@example.org"


@pytest.fixture(autouse=True)
async def an_account(access_harness: AccessHarness) -> None:
    await access_harness.account()


async def test_first_sign_in_finds_the_account_by_verified_email(access_harness: AccessHarness) -> None:
    assert await access_harness.signed_in(await access_harness.sign_in_by_provider(" ADA@Example.org")) == ADA
    bound = [entry for entry in await access_harness.audit_log() if entry.action is Action.IDENTITY_BOUND]
    assert [(entry.by, entry.what) for entry in bound] == [(ADA, ADA)]


@pytest.mark.parametrize("email", ["nobody@example.org", "", "\0", "x" * 100_000])
async def test_missing_account_is_reported(access_harness: AccessHarness, email: str) -> None:
    with pytest.raises(NotAuthenticated, match="There is no account for") as refused:
        await access_harness.sign_in_by_provider(email)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    "email", ["\u017fupport@example.org", "\uff53upport@example.org", "supp\u00f6rt@example.org"]
)
async def test_rule_15_email_equal_only_by_case_folding_is_another(
    access_harness: AccessHarness, email: str
) -> None:
    await access_harness.account("support@example.org")
    with pytest.raises(NotAuthenticated, match="There is no account for"):
        await access_harness.sign_in_by_provider(email)


async def test_rule_15_sharp_s_and_strasse_are_two_accounts(access_harness: AccessHarness) -> None:
    for number, email in enumerate(("stra\u00dfe@example.org", "strasse@example.org")):
        await access_harness.account(email)
        secret = await access_harness.sign_in_by_provider(email, subject=str(number))
        assert await access_harness.signed_in(secret) == email


@pytest.mark.parametrize("email", ["ada.lovelace@example.org", GRACE, None])
async def test_later_sign_ins_find_the_account_by_identity(
    access_harness: AccessHarness, email: str | None
) -> None:
    await access_harness.account(GRACE)
    await access_harness.sign_in_by_provider()
    assert await access_harness.signed_in(await access_harness.sign_in_by_provider(email)) == ADA


async def test_another_identity_with_the_same_email_is_refused(access_harness: AccessHarness) -> None:
    await access_harness.sign_in_by_provider()
    with pytest.raises(IdentityMismatch, match=f"gleanin-sync user unbind {ADA}") as refused:
        await access_harness.sign_in_by_provider(subject="eve-1")
    assert f"{ADA} is bound to another identity" in str(refused.value)
    assert "somebody else" not in str(refused.value)
    assert await access_harness.signed_in(await access_harness.sign_in_by_provider()) == ADA


async def test_unverified_email_binds_no_identity(access_harness: AccessHarness) -> None:
    with pytest.raises(EmailNotVerified):
        await access_harness.sign_in_by_provider(None)


async def test_each_provider_has_its_own_binding(access_harness: AccessHarness) -> None:
    await access_harness.sign_in_by_provider()
    other = "https://login.example.com"
    assert (
        await access_harness.signed_in(
            await access_harness.sign_in_by_provider(subject="ada-2", issuer=other)
        )
        == ADA
    )
    with pytest.raises(IdentityMismatch):
        await access_harness.sign_in_by_provider(subject="ada-1", issuer=other)


async def test_next_sign_in_after_unbinding_binds_again(access_harness: AccessHarness) -> None:
    previous = await access_harness.sign_in_by_provider()
    account, number = await access_harness.unbind_identities(ADA.upper(), actor=COMMAND_LINE)
    assert (account.email, number) == (ADA, 1)
    with pytest.raises(NotAuthenticated):
        await access_harness.signed_in(previous)
    assert await access_harness.signed_in(await access_harness.sign_in_by_provider(subject="ada-2")) == ADA
    with pytest.raises(IdentityMismatch):
        await access_harness.sign_in_by_provider(subject="ada-1")
    entries = [(entry.by, entry.action) for entry in await access_harness.audit_log()]
    assert (COMMAND_LINE.name, Action.IDENTITY_UNBOUND) in entries
    with pytest.raises(NotFound):
        await access_harness.unbind_identities("nobody@example.org", actor=COMMAND_LINE)


async def test_unbinding_an_unbound_account_changes_nothing(access_harness: AccessHarness) -> None:
    secret = await access_harness.sign_in()
    assert (await access_harness.unbind_identities(ADA, actor=COMMAND_LINE))[1] == 0
    assert await access_harness.signed_in(secret) == ADA
    assert Action.IDENTITY_UNBOUND not in {entry.action for entry in await access_harness.audit_log()}


async def test_recreated_account_is_bound_again(access_harness: AccessHarness) -> None:
    await access_harness.sign_in_by_provider()
    await access_harness.remove_account(ADA, actor=COMMAND_LINE)
    with pytest.raises(NotAuthenticated):
        await access_harness.sign_in_by_provider()
    await access_harness.account()
    assert await access_harness.signed_in(await access_harness.sign_in_by_provider(subject="ada-2")) == ADA


@pytest.mark.parametrize("subject", ["", "x" * 256, "a\0b", "\ud800"])
def test_an_unusable_subject_is_refused(subject: str) -> None:
    with pytest.raises(InvalidInput):
        ProviderIdentity("https://id.example.org", subject)


async def test_log_has_the_account_and_no_email(harness: Harness, access_harness: AccessHarness) -> None:
    await access_harness.sign_in_by_provider()
    ((name, data),) = harness.log.entries
    assert (name, data["way"], data["address"]) == ("access.signed_in", "openid", HOME)
    assert ADA not in str(data)
