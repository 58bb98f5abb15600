"""The first account of an installation: made at an address that is printed once."""

from dataclasses import dataclass

from core.domain.access.accounts import SIGN_UP_LASTS, Account, check_password
from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Grant, Role
from core.domain.errors import AddressExpired, TooBusy
from core.domain.ids import AccountId
from ports.clock import Clock
from ports.names import Names
from ports.passwords import Passwords, PasswordsBusy, Waiting
from ports.persistence import Unit, Units
from ports.signer import NotSigned, Signer

_PURPOSE = "sign-up"


@dataclass(frozen=True, slots=True)
class OfferSignUp:
    units: Units
    signer: Signer
    clock: Clock

    async def __call__(self) -> str | None:
        """Give the last part of the sign-up address; None where there is an account already."""
        async with self.units.reading() as unit:
            if await unit.accounts.is_any():
                return None
            subject = await _subject(unit)
        return self.signer.sign(_PURPOSE, subject, self.clock.now())


@dataclass(frozen=True, slots=True)
class CheckSignUp:
    units: Units
    signer: Signer
    clock: Clock

    async def __call__(self, offered: str) -> None:
        """See that the address still lets somebody sign up.

        Raises:
            AddressExpired: it was used, is too old, or was not made here.
        """
        async with self.units.reading() as unit:
            await _check(unit, self.signer, self.clock, offered)


@dataclass(frozen=True, slots=True)
class SignUp:
    units: Units
    signer: Signer
    passwords: Passwords
    names: Names
    clock: Clock

    async def __call__(self, offered: str, email: str, password: str) -> Account:
        """Make the first account, an admin of all organizations.

        Raises:
            AddressExpired: it was used, is too old, or was not made here.
            BadInput: the e-mail or the password cannot be one.
            TooBusy: too many wait for a password to be hashed.
        """
        # Before it is hashed, which takes time that others may need; and again after, for of several one gets in.
        async with self.units.reading() as unit:
            await _check(unit, self.signer, self.clock, offered)
        check_password(password)
        try:
            with self.passwords.place_for(Waiting(_PURPOSE, is_known=True)):
                hashed = await self.passwords.hash(password)
        except PasswordsBusy:
            raise TooBusy from None
        async with self.units.writing() as unit:
            await _check(unit, self.signer, self.clock, offered)
            now, new = self.clock.now(), AccountId(self.names.new())
            account = Account(new, email.strip(), hashed, now, frozenset({Grant(Role.ADMIN)}))
            await unit.accounts.add(account)
            await unit.audit.add(AuditEntry(now, account.email, Action.ACCOUNT_ADDED, None, account.email))
            await unit.commit()
        return account


async def _check(unit: Unit, signer: Signer, clock: Clock, offered: str) -> None:
    try:
        subject, made_at = signer.read(_PURPOSE, offered)
    except NotSigned:
        raise AddressExpired from None
    is_over = clock.now() >= made_at + SIGN_UP_LASTS
    if is_over or subject != await _subject(unit) or await unit.accounts.is_any():
        raise AddressExpired


async def _subject(unit: Unit) -> str:
    """Return what an offer is made for. Any account that is added ends it, even if the account is removed again."""
    return f"account after {await unit.installation.accounts_added()}"
