"""The use cases by which people and programs are let in, on a stage."""

from dataclasses import dataclass, field

from adapters.memory.passwords import QuickPasswords
from adapters.security.signer import ItsdangerousSigner
from core.domain.access import COMMAND_LINE, Grant, Role
from core.domain.accounts import Account
from core.domain.audit import AuditEntry
from core.domain.identifiers import AccountId, OrganizationId
from core.domain.identities import ProviderIdentity
from core.usecases.add_account import AddAccount, NewAccount
from core.usecases.admit import AdmitToMapping, AdmitToOrganization, AdmitToRun
from core.usecases.api_keys import MakeApiKey, RevokeApiKey, WhoseApiKey
from core.usecases.change_account import (
    ChangeOwnPassword,
    ChangePassword,
    GiveRole,
    RemoveAccount,
    TakeRole,
)
from core.usecases.look_up_access import ReadAuditLog
from core.usecases.portal import MakePortalAddress, OpenPortal, RevokePortalAddresses
from core.usecases.sign_in.devices import RememberDevice
from core.usecases.sign_in.identity_provider import (
    ProviderClaims,
    SignInWithIdentityProvider,
    UnbindIdentities,
)
from core.usecases.sign_in.links import OfferSignIn, TakeSignIn
from core.usecases.sign_in.password import Credentials, SignInWithPassword
from core.usecases.sign_in.sessions import BeginSignIn, SignOut, WhoIsSignedIn
from core.usecases.sign_up import CheckSignUp, OfferSignUp, SignUp
from ports.passwords import Passwords
from ports.signer import Signer
from tests.unit.usecases.stage import Stage

PASSWORD = "correct-horse-battery"
ADA = "ada@example.org"
HOME = "192.0.2.1"
EVERYWHERE = Grant(Role.ADMIN)


@dataclass(slots=True)
class Doors:
    stage: Stage
    passwords: Passwords = field(default_factory=QuickPasswords)
    signer: Signer = field(default_factory=lambda: ItsdangerousSigner(["a key that nobody guesses"]))

    @property
    def admit_to_organization(self) -> AdmitToOrganization:
        return AdmitToOrganization(self.stage.units)

    @property
    def admit_to_mapping(self) -> AdmitToMapping:
        return AdmitToMapping(self.stage.units)

    @property
    def admit_to_run(self) -> AdmitToRun:
        return AdmitToRun(self.stage.units)

    @property
    def add_account(self) -> AddAccount:
        return AddAccount(self.stage.units, self.passwords, self.stage.names, self.stage.clock)

    @property
    def give_role(self) -> GiveRole:
        return GiveRole(self.stage.units, self.stage.clock)

    @property
    def take_role(self) -> TakeRole:
        return TakeRole(self.stage.units, self.stage.clock)

    @property
    def change_password(self) -> ChangePassword:
        return ChangePassword(self.stage.units, self.passwords, self.stage.clock)

    async def change_own_password(self, email: str, present: str, new: str) -> Account:
        async with self.stage.units.reading() as unit:
            account = await unit.accounts.with_email(email)
        change = ChangeOwnPassword(self.stage.units, self.passwords, self.stage.clock, self.stage.log)
        return await change(account.id if account else AccountId(email), present, new, HOME)

    @property
    def remove_account(self) -> RemoveAccount:
        return RemoveAccount(self.stage.units, self.stage.clock)

    @property
    def sign_in_with_password(self) -> SignInWithPassword:
        stage = self.stage
        return SignInWithPassword(
            stage.units, self.passwords, self.signer, stage.names, stage.clock, stage.log
        )

    @property
    def begin_sign_in(self) -> BeginSignIn:
        return BeginSignIn(self.stage.units, self.stage.names, self.stage.clock)

    @property
    def remember_device(self) -> RememberDevice:
        return RememberDevice(self.stage.units, self.signer, self.stage.names, self.stage.clock)

    @property
    def sign_in_with_identity_provider(self) -> SignInWithIdentityProvider:
        stage = self.stage
        return SignInWithIdentityProvider(stage.units, stage.names, stage.clock, stage.log)

    @property
    def unbind_identities(self) -> UnbindIdentities:
        return UnbindIdentities(self.stage.units, self.stage.clock)

    @property
    def offer_sign_in(self) -> OfferSignIn:
        return OfferSignIn(self.stage.units, self.signer, self.stage.names, self.stage.clock)

    @property
    def take_sign_in(self) -> TakeSignIn:
        stage = self.stage
        return TakeSignIn(stage.units, self.signer, stage.names, stage.clock, stage.log)

    @property
    def who_is_signed_in(self) -> WhoIsSignedIn:
        return WhoIsSignedIn(self.stage.units, self.stage.clock)

    @property
    def sign_out(self) -> SignOut:
        return SignOut(self.stage.units)

    @property
    def offer_sign_up(self) -> OfferSignUp:
        return OfferSignUp(self.stage.units, self.signer, self.stage.clock)

    @property
    def check_sign_up(self) -> CheckSignUp:
        return CheckSignUp(self.stage.units, self.signer, self.stage.clock)

    @property
    def sign_up(self) -> SignUp:
        return SignUp(self.stage.units, self.signer, self.passwords, self.stage.names, self.stage.clock)

    @property
    def make_api_key(self) -> MakeApiKey:
        return MakeApiKey(self.stage.units, self.stage.names, self.stage.clock)

    @property
    def revoke_api_key(self) -> RevokeApiKey:
        return RevokeApiKey(self.stage.units, self.stage.clock)

    @property
    def whose_api_key(self) -> WhoseApiKey:
        return WhoseApiKey(self.stage.units, self.stage.log)

    @property
    def make_portal_address(self) -> MakePortalAddress:
        return MakePortalAddress(self.stage.units, self.signer, self.stage.clock)

    @property
    def revoke_portal_addresses(self) -> RevokePortalAddresses:
        return RevokePortalAddresses(self.stage.units, self.stage.clock)

    @property
    def open_portal(self) -> OpenPortal:
        return OpenPortal(self.stage.units, self.signer, self.stage.clock)

    async def account(self, email: str = ADA, grant: Grant = EVERYWHERE) -> Account:
        return await self.add_account(NewAccount(email, grant, PASSWORD), by=COMMAND_LINE)

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
        """Tell the e-mail of whoever is signed in."""
        return (await self.who_is_signed_in(secret)).email

    async def audit_log(self, organization_id: OrganizationId | None = None) -> list[AuditEntry]:
        """Give all that was done, oldest first."""
        entries = await ReadAuditLog(self.stage.units)(organization_id, limit=1000)
        return [*reversed(entries)]
