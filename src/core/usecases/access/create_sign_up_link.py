"""Create the link by which the first account is made."""

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
        """Give the last part of the sign-up address; None where there is an account already."""
        async with self.units.read() as unit:
            if await unit.accounts.is_any():
                return None
            subject = await subject_of_link(unit)
        return self.signer.sign(PURPOSE, subject, self.clock.now())


async def subject_of_link(unit: UnitOfWork) -> str:
    """Return what an offer is made for. Any account that is added ends it, even if the account is removed again."""
    return f"account after {await unit.installation.accounts_added()}"
