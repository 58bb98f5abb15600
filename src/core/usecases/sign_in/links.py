"""Sign in by an address that was made at the command line."""

from dataclasses import dataclass

from core.domain.access.accounts import Account
from core.domain.access.api_keys import digest_of
from core.domain.access.audit import Action, AuditEntry
from core.domain.errors import AddressExpired, NotSignedIn
from core.usecases.sign_in.sessions import begin_sign_in
from ports.clock import Clock
from ports.log import EventLog
from ports.names import Names
from ports.persistence import Units
from ports.signer import NotSigned, Signer

_PURPOSE = "sign-in"


@dataclass(frozen=True, slots=True)
class OfferSignIn:
    """For somebody at the command line, who can do all that the account can anyway."""

    units: Units
    signer: Signer
    names: Names
    clock: Clock

    async def __call__(self, email: str, *, by: str) -> str:
        """Begin a sign-in for a browser that is to open an address, and give the address's last part.

        Raises:
            NotSignedIn: there is no account with this e-mail.
        """
        async with self.units.writing() as unit:
            account = await unit.accounts.with_email(email)
            if account is None:
                raise NotSignedIn(f"There is no account for {email:.120}. Ask an admin to add one.")
            secret = await begin_sign_in(unit, account, self.names, self.clock)
            now = self.clock.now()
            await unit.audit.add(AuditEntry(now, by, Action.SIGN_IN_LINK_MADE, None, account.email))
            await unit.commit()
        return self.signer.sign(_PURPOSE, secret, now)


@dataclass(frozen=True, slots=True)
class TakeSignIn:
    units: Units
    signer: Signer
    names: Names
    clock: Clock
    log: EventLog

    async def __call__(self, offered: str, address: str) -> str:
        """Exchange an offered secret, which is used up by that, for the secret of a sign-in.

        Raises:
            AddressExpired: it was taken already, is too old, or was not made here.
        """
        try:
            account, secret = await self._taken(offered)
        except AddressExpired:
            self.log.warning("access.link_refused", act="sign_in", address=address)
            raise
        self.log.event("access.signed_in", account=account.id, way="link", address=address)
        return secret

    async def _taken(self, offered: str) -> tuple[Account, str]:
        try:
            secret, _ = self.signer.read(_PURPOSE, offered)
        except NotSigned:
            raise AddressExpired from None
        async with self.units.writing() as unit:
            sign_in = await unit.sign_ins.find(digest_of(secret))
            account = await unit.accounts.get(sign_in.account_id) if sign_in else None
            if sign_in is None or account is None or sign_in.is_over(self.clock.now()):
                raise AddressExpired
            await unit.sign_ins.end(sign_in.digest)
            taken = await begin_sign_in(unit, account, self.names, self.clock)
            await unit.commit()
        return account, taken
