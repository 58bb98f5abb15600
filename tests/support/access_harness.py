"""The use cases of accounts, sign-in, API keys and portals, wired to a harness."""

from dataclasses import dataclass, field

from adapters.memory.passwords import QuickPasswords
from adapters.security.signer import ItsdangerousSigner
from core.domain.access.accounts import Account
from core.domain.access.audit import AuditEntry
from core.domain.access.authorization import COMMAND_LINE, Grant, Role
from core.domain.access.identities import ProviderIdentity
from core.domain.ids import AccountId, OrganizationId
from core.usecases.access.add_account import AddAccount, NewAccount
from core.usecases.access.authenticate_api_key import AuthenticateApiKey
from core.usecases.access.authenticate_session import AuthenticateSession
from core.usecases.access.authorize import AuthorizeMapping, AuthorizeOrganization, AuthorizeRun
from core.usecases.access.change_password import ChangeOwnPassword, ChangePassword
from core.usecases.access.check_sign_up_link import CheckSignUpLink
from core.usecases.access.create_api_key import CreateApiKey
from core.usecases.access.create_portal_link import CreatePortalLink
from core.usecases.access.create_sign_in_link import CreateSignInLink
from core.usecases.access.create_sign_up_link import CreateSignUpLink
from core.usecases.access.grant_role import GrantRole
from core.usecases.access.hand_out import (
    ListPortalAddresses,
    MakePortalAddresses,
    RevokePortalAddresses,
)
from core.usecases.access.known_devices import RememberDevice
from core.usecases.access.open_portal import OpenPortal
from core.usecases.access.queries import ListAuditEntries
from core.usecases.access.redeem_sign_in_link import RedeemSignInLink
from core.usecases.access.remove_account import RemoveAccount
from core.usecases.access.revoke_api_key import RevokeApiKey
from core.usecases.access.revoke_portal_links import RevokePortalLinks
from core.usecases.access.revoke_role import RevokeRole
from core.usecases.access.sign_in_with_identity_provider import ProviderClaims, SignInWithIdentityProvider
from core.usecases.access.sign_in_with_password import Credentials, SignInWithPassword
from core.usecases.access.sign_out import SignOut
from core.usecases.access.sign_up import SignUp
from core.usecases.access.unbind_identities import UnbindIdentities
from ports.passwords import Passwords
from ports.signer import Signer
from tests.support.harness import Harness
from tests.support.wiring import Wired

PASSWORD = "correct-horse-battery"
ADA = "ada@example.org"
HOME = "192.0.2.1"
EVERYWHERE = Grant(Role.ADMIN)


@dataclass(slots=True)
class AccessHarness:
    harness: Harness
    passwords: Passwords = field(default_factory=QuickPasswords)
    signer: Signer = field(default_factory=lambda: ItsdangerousSigner(["a secret signing key"]))

    authorize_organization = Wired(AuthorizeOrganization)
    authorize_mapping = Wired(AuthorizeMapping)
    authorize_run = Wired(AuthorizeRun)
    add_account = Wired(AddAccount)
    grant_role = Wired(GrantRole)
    revoke_role = Wired(RevokeRole)
    change_password = Wired(ChangePassword)
    _change_own_password = Wired(ChangeOwnPassword)
    remove_account = Wired(RemoveAccount)
    sign_in_with_password = Wired(SignInWithPassword)
    remember_device = Wired(RememberDevice)
    sign_in_with_identity_provider = Wired(SignInWithIdentityProvider)
    unbind_identities = Wired(UnbindIdentities)
    create_sign_in_link = Wired(CreateSignInLink)
    redeem_sign_in_link = Wired(RedeemSignInLink)
    authenticate_session = Wired(AuthenticateSession)
    sign_out = Wired(SignOut)
    create_sign_up_link = Wired(CreateSignUpLink)
    check_sign_up_link = Wired(CheckSignUpLink)
    sign_up = Wired(SignUp)
    create_api_key = Wired(CreateApiKey)
    revoke_api_key = Wired(RevokeApiKey)
    authenticate_api_key = Wired(AuthenticateApiKey)
    create_portal_link = Wired(CreatePortalLink)
    revoke_portal_links = Wired(RevokePortalLinks)
    open_portal = Wired(OpenPortal)
    make_portal_addresses = make = Wired(MakePortalAddresses)
    revoke_portal_addresses = revoke = Wired(RevokePortalAddresses)
    list_portal_addresses = Wired(ListPortalAddresses)

    async def change_own_password(self, email: str, present: str, new: str) -> Account:
        async with self.harness.units.read() as unit:
            account = await unit.accounts.find_by_email(email)
        account_id = account.id if account else AccountId(email)
        return await self._change_own_password(account_id, present, new, HOME)

    async def account(self, email: str = ADA, grant: Grant = EVERYWHERE) -> Account:
        return await self.add_account(NewAccount(email, grant, PASSWORD), actor=COMMAND_LINE)

    async def sign_in(
        self, email: str = ADA, password: str = PASSWORD, address: str = HOME, device: str | None = None
    ) -> str:
        return await self.sign_in_with_password(Credentials(email, password, address, device))

    async def sign_in_by_provider(
        self, email: str | None = ADA, subject: str = "ada-1", issuer: str = "https://id.example.org"
    ) -> str:
        claims = ProviderClaims(ProviderIdentity(issuer, subject), email, HOME)
        return await self.sign_in_with_identity_provider(claims)

    async def signed_in(self, secret: str) -> str:
        """Return the e-mail of the account that is signed in."""
        return (await self.authenticate_session(secret)).email

    async def audit_log(self, organization_id: OrganizationId | None = None) -> list[AuditEntry]:
        """Return all audit entries, oldest first."""
        entries = await ListAuditEntries(self.harness.units)(organization_id, limit=1000)
        return [*reversed(entries)]
