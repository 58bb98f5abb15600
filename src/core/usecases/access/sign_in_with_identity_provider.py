"""Sign in with an OpenID Connect provider, whose issuer and subject are bound to the account."""

from dataclasses import dataclass

from core.domain.access.accounts import Account
from core.domain.access.audit import Action, AuditEntry
from core.domain.access.identities import ProviderIdentity
from core.domain.errors import EmailNotVerified, IdentityMismatch, NotAuthenticated
from core.usecases.access.begin_session import begin_session
from ports.clock import Clock
from ports.id_generator import IdGenerator
from ports.log import EventLog
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ProviderClaims:
    """The claims of a verified OpenID Connect token."""

    identity: ProviderIdentity
    verified_email: str | None
    """None if the provider does not confirm that it is the person's."""
    address: str
    """The browser's IP address."""


@dataclass(frozen=True, slots=True)
class SignInWithIdentityProvider:
    units: UnitOfWorkFactory
    ids: IdGenerator
    clock: Clock
    log: EventLog

    async def __call__(self, claims: ProviderClaims) -> str:
        """Begin a login session and return its secret.

        At the first sign-in, the account is found by the e-mail, and the identity is bound to it. From then on only
        the identity counts, whatever its e-mail is.

        Raises:
            EmailNotVerified: the identity is not bound, and the provider does not confirm the e-mail.
            IdentityMismatch: the account is bound to another identity of this issuer.
            NotAuthenticated: there is no account with this e-mail.
        """
        async with self.units.write() as unit:
            account_id = await unit.identities.find_account(claims.identity)
            account = await unit.accounts.get(account_id) if account_id else None
            if account is None:
                account = await self._bind(unit, claims)
            secret = await begin_session(unit, account, self.ids, self.clock)
            await unit.commit()
        self.log.event("access.signed_in", account=account.id, way="openid", address=claims.address)
        return secret

    async def _bind(self, unit: UnitOfWork, claims: ProviderClaims) -> Account:
        email, identity = claims.verified_email, claims.identity
        if email is None:
            raise EmailNotVerified
        account = await unit.accounts.find_by_email(email)
        if account is None:
            raise NotAuthenticated(f"There is no account for {email:.120}. Ask an admin to add one.")
        if any(
            bound.issuer == identity.issuer for bound in await unit.identities.list_by_account(account.id)
        ):
            raise IdentityMismatch(account.email)
        await unit.identities.bind(identity, account.id)
        entry = AuditEntry(self.clock.now(), account.email, Action.IDENTITY_BOUND, None, account.email)
        await unit.audit.add(entry)
        return account
