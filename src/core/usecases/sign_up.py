"""The first account of an installation: made at an address that is printed once."""

from dataclasses import dataclass

from core.domain.access import Grant, Role
from core.domain.accounts import SIGN_UP_LASTS, Account, check_password
from core.domain.audit import Action, AuditEntry
from core.domain.identifiers import AccountId
from core.domain.refusals import AddressExpired
from ports.clock import Clock
from ports.names import Names
from ports.passwords import Passwords
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
        return self.signer.sign(_PURPOSE, "first account", self.clock.now())


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
        """
        # Before it is hashed, which takes time that others may need; and again after, for of several one gets in.
        async with self.units.reading() as unit:
            await _check(unit, self.signer, self.clock, offered)
        check_password(password)
        hashed = await self.passwords.hash(password)
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
        _, made_at = signer.read(_PURPOSE, offered)
    except NotSigned:
        raise AddressExpired from None
    if clock.now() >= made_at + SIGN_UP_LASTS or await unit.accounts.is_any():
        raise AddressExpired
