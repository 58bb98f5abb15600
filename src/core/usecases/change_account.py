"""Change somebody's account: roles, password, and its end."""

from dataclasses import dataclass, replace

from core.domain.access.accounts import LONGEST_PASSWORD, Account, check_password
from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Grant
from core.domain.errors import BadInput, TooBusy, TooManyAttempts, found
from core.domain.ids import AccountId
from ports.clock import Clock
from ports.log import EventLog
from ports.passwords import Passwords, PasswordsBusy, Waiting
from ports.persistence import Unit, Units


@dataclass(frozen=True, slots=True)
class GiveRole:
    units: Units
    clock: Clock

    async def __call__(self, email: str, grant: Grant, *, by: str) -> Account:
        """Give a role for an organization or for all, in the place of any other role for it.

        Raises:
            NotFound: there is no such account or organization.
        """
        async with self.units.writing() as unit:
            if grant.organization_id is not None:
                found(
                    await unit.organizations.get(grant.organization_id), "organization", grant.organization_id
                )
            account = (await _account(unit, email)).granted(grant)
            await unit.accounts.update(account)
            what = f"{account.email}: {grant.role}"
            entry = AuditEntry(self.clock.now(), by, Action.ROLE_GIVEN, grant.organization_id, what)
            await unit.audit.add(entry)
            await unit.commit()
        return account


@dataclass(frozen=True, slots=True)
class TakeRole:
    units: Units
    clock: Clock

    async def __call__(self, email: str, grant: Grant, *, by: str) -> Account:
        """Take a role away.

        Raises:
            NotFound: there is no such account.
            BadInput: it does not have the role.
        """
        async with self.units.writing() as unit:
            account = await _account(unit, email)
            if grant not in account.grants:
                raise BadInput(f"{account.email} does not have this role.")
            account = account.without(grant)
            await unit.accounts.update(account)
            what = f"{account.email}: {grant.role}"
            entry = AuditEntry(self.clock.now(), by, Action.ROLE_TAKEN, grant.organization_id, what)
            await unit.audit.add(entry)
            await unit.commit()
        return account


@dataclass(frozen=True, slots=True)
class ChangePassword:
    units: Units
    passwords: Passwords
    clock: Clock

    async def __call__(self, email: str, password: str, *, by: str) -> Account:
        """Give an account a new password, and end all its sign-ins.

        Raises:
            NotFound: there is no such account.
            BadInput: the password cannot be one.
        """
        check_password(password)
        hashed = await self.passwords.hash(password)
        async with self.units.writing() as unit:
            account = replace(await _account(unit, email), password_hash=hashed)
            await unit.accounts.update(account)
            await unit.sign_ins.end_all_of(account.id)
            entry = AuditEntry(self.clock.now(), by, Action.PASSWORD_CHANGED, None, account.email)
            await unit.audit.add(entry)
            await unit.commit()
        return account


class WrongPassword(BadInput):
    def __init__(self) -> None:
        super().__init__("This is not your present password.", about="present_password")


@dataclass(frozen=True, slots=True)
class ChangeOwnPassword:
    units: Units
    passwords: Passwords
    clock: Clock
    log: EventLog

    async def __call__(self, account_id: AccountId, present: str, password: str, address: str) -> Account:
        """Give one's own account a new password, and end all its sign-ins.

        Raises:
            NotFound: there is no such account.
            BadInput: the password cannot be one.
            WrongPassword: the present one is another.
            TooManyAttempts: the present one was not even looked at.
            TooBusy: too many wait for theirs to be looked at.
        """
        check_password(password)
        log = self.log.bound(account=account_id, address=address)
        try:
            with self.passwords.place_for(Waiting(account_id, is_known=True)):
                return await self._change(account_id, present, password)
        except PasswordsBusy:
            log.warning("access.throttled", act="change_password", because="busy")
            raise TooBusy from None
        except TooManyAttempts:
            log.warning("access.throttled", act="change_password", because="attempts")
            raise
        except WrongPassword:
            log.warning("access.password_refused")
            raise

    async def _change(self, account_id: AccountId, present: str, password: str) -> Account:
        # As when signing in, counted as failed before it is judged: a browser left open gives no free guesses.
        async with self.units.writing() as unit:
            account, now = await _own(unit, account_id), self.clock.now()
            subject = f"password:{account.id}"
            attempts = await unit.attempts.of(subject)
            attempts.check(now)
            await unit.attempts.save(subject, attempts.failed(now))
            await unit.commit()
        if not await self.passwords.matches(
            present[: LONGEST_PASSWORD + 1], account.password_hash, is_known=True
        ):
            raise WrongPassword
        hashed = await self.passwords.hash(password)
        async with self.units.writing() as unit:
            present_one = account.password_hash
            account = await _own(unit, account_id)
            if account.password_hash != present_one:  # somebody else was faster
                raise WrongPassword
            account = replace(account, password_hash=hashed)
            await unit.accounts.update(account)
            await unit.sign_ins.end_all_of(account.id)
            await unit.attempts.forget(subject)
            entry = AuditEntry(self.clock.now(), account.email, Action.PASSWORD_CHANGED, None, account.email)
            await unit.audit.add(entry)
            await unit.commit()
        return account


@dataclass(frozen=True, slots=True)
class RemoveAccount:
    units: Units
    clock: Clock

    async def __call__(self, email: str, *, by: str) -> None:
        """Take an account away; whoever is signed in with it is signed out.

        Raises:
            NotFound: there is no such account.
        """
        async with self.units.writing() as unit:
            account = await _account(unit, email)
            await unit.accounts.remove(account.id)
            entry = AuditEntry(self.clock.now(), by, Action.ACCOUNT_REMOVED, None, account.email)
            await unit.audit.add(entry)
            await unit.commit()


async def _own(unit: Unit, account_id: AccountId) -> Account:
    return found(await unit.accounts.get(account_id), "account", account_id)


async def _account(unit: Unit, email: str) -> Account:
    return found(await unit.accounts.with_email(email), "account", email)
