"""Add an account with its first role."""

from dataclasses import dataclass

from core.domain.access.accounts import Account, check_password
from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor, Grant
from core.domain.errors import InvalidInput
from core.domain.ids import AccountId
from core.usecases.shared.grants import check_organization
from ports.clock import Clock
from ports.id_generator import IdGenerator
from ports.passwords import Passwords
from ports.store.errors import UniqueViolation
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class NewAccount:
    email: str
    grant: Grant
    password: str | None
    """None for an account that signs in with OpenID Connect."""


@dataclass(frozen=True, slots=True)
class AddAccount:
    units: UnitOfWorkFactory
    passwords: Passwords
    ids: IdGenerator
    clock: Clock

    async def __call__(self, command: NewAccount, *, actor: Actor) -> Account:
        """Add an account.

        Raises:
            InvalidInput: the e-mail or the password is invalid, or there is already an account with this e-mail.
            NotFound: there is no such organization.
        """
        hashed = None
        if command.password is not None:
            check_password(command.password)
            hashed = await self.passwords.hash(command.password)
        now, grant = self.clock.now(), command.grant
        account = Account(AccountId(self.ids.new()), command.email.strip(), hashed, now, frozenset({grant}))
        async with self.units.write() as unit:
            await check_organization(unit, grant)
            try:
                await unit.accounts.add(account)
            except UniqueViolation:
                raise InvalidInput(
                    f"There is already an account for {account.email}. Give it a role instead."
                ) from None
            entry = AuditEntry(now, actor.name, Action.ACCOUNT_ADDED, grant.organization_id, account.email)
            await unit.audit.add(entry)
            await unit.commit()
        return account
