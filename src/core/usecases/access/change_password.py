"""Change a password, as an admin or as its owner."""

from dataclasses import dataclass, replace

from core.domain.access.accounts import MAX_PASSWORD_LENGTH, Account, check_password
from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.domain.errors import InvalidInput, Overloaded, TooManyAttempts
from core.domain.ids import AccountId
from core.usecases.access.find_account import find_account, get_account
from ports.clock import Clock
from ports.log import EventLog
from ports.passwords import HashRequest, Passwords, PasswordsBusy
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ChangePassword:
    units: UnitOfWorkFactory
    passwords: Passwords
    clock: Clock

    async def __call__(self, email: str, password: str, *, actor: Actor) -> Account:
        """Set an account's password and end all its login sessions.

        Raises:
            NotFound: there is no such account.
            InvalidInput: the new password is invalid.
        """
        check_password(password)
        hashed = await self.passwords.hash(password)
        async with self.units.write() as unit:
            account = replace(await find_account(unit, email), password_hash=hashed)
            await unit.accounts.update(account)
            await unit.login_sessions.end_all(account.id)
            entry = AuditEntry(self.clock.now(), actor.name, Action.PASSWORD_CHANGED, None, account.email)
            await unit.audit.add(entry)
            await unit.commit()
        return account


class WrongPassword(InvalidInput):
    def __init__(self) -> None:
        super().__init__("This is not your current password.", about="present_password")


@dataclass(frozen=True, slots=True)
class ChangeOwnPassword:
    units: UnitOfWorkFactory
    passwords: Passwords
    clock: Clock
    log: EventLog

    async def __call__(self, account_id: AccountId, current: str, password: str, address: str) -> Account:
        """Set the password of the signed-in account and end all its login sessions.

        Raises:
            NotFound: there is no such account.
            InvalidInput: the new password is invalid.
            WrongPassword: the current password is wrong.
            TooManyAttempts: the current password was not even checked.
            Overloaded: too many password checks are waiting.
        """
        check_password(password)
        log = self.log.bound(account=account_id, address=address)
        try:
            with self.passwords.place_for(HashRequest(account_id, is_known=True)):
                return await self._change(account_id, current, password)
        except PasswordsBusy:
            log.warning("access.throttled", act="change_password", because="busy")
            raise Overloaded from None
        except TooManyAttempts:
            log.warning("access.throttled", act="change_password", because="attempts")
            raise
        except WrongPassword:
            log.warning("access.password_refused")
            raise

    async def _change(self, account_id: AccountId, current: str, password: str) -> Account:
        # As when signing in, count a failure before the check: an unattended browser gives no free guesses.
        async with self.units.write() as unit:
            account, now = await get_account(unit, account_id), self.clock.now()
            subject = f"password:{account.id}"
            attempts = await unit.attempts.get(subject)
            attempts.check(now)
            await unit.attempts.save(subject, attempts.failed(now))
            await unit.commit()
        if not await self.passwords.matches(
            current[: MAX_PASSWORD_LENGTH + 1], account.password_hash, is_known=True
        ):
            raise WrongPassword
        hashed = await self.passwords.hash(password)
        async with self.units.write() as unit:
            checked_hash = account.password_hash
            account = await get_account(unit, account_id)
            if account.password_hash != checked_hash:  # changed concurrently
                raise WrongPassword
            account = replace(account, password_hash=hashed)
            await unit.accounts.update(account)
            await unit.login_sessions.end_all(account.id)
            await unit.attempts.remove(subject)
            entry = AuditEntry(self.clock.now(), account.email, Action.PASSWORD_CHANGED, None, account.email)
            await unit.audit.add(entry)
            await unit.commit()
        return account
