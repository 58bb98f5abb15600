"""Check the link by which the first account is made."""

from dataclasses import dataclass

from core.domain.access.accounts import SIGN_UP_LASTS
from core.domain.errors import LinkExpired
from core.usecases.access.create_sign_up_link import PURPOSE, subject_of_link
from ports.clock import Clock
from ports.signer import BadSignature, Signer
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class CheckSignUpLink:
    units: UnitOfWorkFactory
    signer: Signer
    clock: Clock

    async def __call__(self, offered: str) -> None:
        """See that the address still lets somebody sign up.

        Raises:
            LinkExpired: it was used, is too old, or was not made here.
        """
        async with self.units.read() as unit:
            await check_link(unit, self.signer, self.clock, offered)


async def check_link(unit: UnitOfWork, signer: Signer, clock: Clock, offered: str) -> None:
    try:
        subject, made_at = signer.read(PURPOSE, offered)
    except BadSignature:
        raise LinkExpired from None
    is_over = clock.now() >= made_at + SIGN_UP_LASTS
    if is_over or subject != await subject_of_link(unit) or await unit.accounts.is_any():
        raise LinkExpired
