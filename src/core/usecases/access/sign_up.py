"""Create the first account."""

from dataclasses import dataclass

from core.domain.access.accounts import Account, check_password
from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Grant, Role
from core.domain.errors import Overloaded
from core.domain.ids import AccountId
from core.usecases.access.check_sign_up_link import check_link
from core.usecases.access.create_sign_up_link import PURPOSE
from ports.clock import Clock
from ports.id_generator import IdGenerator
from ports.passwords import HashRequest, Passwords, PasswordsBusy
from ports.signer import Signer
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class SignUp:
    units: UnitOfWorkFactory
    signer: Signer
    passwords: Passwords
    ids: IdGenerator
    clock: Clock

    async def __call__(self, signed: str, email: str, password: str) -> Account:
        """Create the first account, an admin of all organizations.

        Raises:
            LinkExpired: the link was used, is too old, or was not created here.
            InvalidInput: the e-mail or the password is invalid.
            Overloaded: too many password checks are waiting.
        """
        # Check before hashing, which is expensive, and again after it, as only one of several can succeed.
        async with self.units.read() as unit:
            await check_link(unit, self.signer, self.clock, signed)
        check_password(password)
        try:
            with self.passwords.place_for(HashRequest(PURPOSE, is_known=True)):
                hashed = await self.passwords.hash(password)
        except PasswordsBusy:
            raise Overloaded from None
        async with self.units.write() as unit:
            await check_link(unit, self.signer, self.clock, signed)
            now, new = self.clock.now(), AccountId(self.ids.new())
            account = Account(new, email.strip(), hashed, now, frozenset({Grant(Role.ADMIN)}))
            await unit.accounts.add(account)
            await unit.audit.add(AuditEntry(now, account.email, Action.ACCOUNT_ADDED, None, account.email))
            await unit.commit()
        return account
