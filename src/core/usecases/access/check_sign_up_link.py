"""Check the link that creates the first account."""

from dataclasses import dataclass

from core.domain.access.accounts import SIGN_UP_LINK_LIFETIME
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

    async def __call__(self, signed: str) -> None:
        """Check that the link still allows signing up.

        Raises:
            LinkExpired: the link was used, is too old, or was not created here.
        """
        async with self.units.read() as unit:
            await check_link(unit, self.signer, self.clock, signed)


async def check_link(unit: UnitOfWork, signer: Signer, clock: Clock, signed: str) -> None:
    try:
        subject, created_at = signer.read(PURPOSE, signed)
    except BadSignature:
        raise LinkExpired from None
    is_expired = clock.now() >= created_at + SIGN_UP_LINK_LIFETIME
    if is_expired or subject != await subject_of_link(unit) or await unit.accounts.is_any():
        raise LinkExpired
