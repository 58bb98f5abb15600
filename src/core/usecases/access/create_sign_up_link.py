"""Create the link that creates the first account."""

from dataclasses import dataclass

from ports.clock import Clock
from ports.signer import Signer
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory

PURPOSE = "sign-up"


@dataclass(frozen=True, slots=True)
class CreateSignUpLink:
    units: UnitOfWorkFactory
    signer: Signer
    clock: Clock

    async def __call__(self) -> str | None:
        """Return the last part of the sign-up URL; None if there is already an account."""
        async with self.units.read() as unit:
            if await unit.accounts.is_any():
                return None
            subject = await subject_of_link(unit)
        return self.signer.sign(PURPOSE, subject, self.clock.now())


async def subject_of_link(unit: UnitOfWork) -> str:
    """Return the text to sign. Adding any account invalidates the link, even if the account is removed again."""
    return f"account after {await unit.installation.accounts_added()}"
