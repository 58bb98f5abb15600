"""Sign in by a link that works once."""

from dataclasses import dataclass

from core.domain.access.accounts import Account
from core.domain.access.api_keys import digest_of
from core.domain.errors import LinkExpired
from core.usecases.access.begin_session import begin_session
from core.usecases.access.create_sign_in_link import PURPOSE
from ports.clock import Clock
from ports.id_generator import IdGenerator
from ports.log import EventLog
from ports.signer import BadSignature, Signer
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class RedeemSignInLink:
    units: UnitOfWorkFactory
    signer: Signer
    names: IdGenerator
    clock: Clock
    log: EventLog

    async def __call__(self, offered: str, address: str) -> str:
        """Exchange an offered secret, which is used up by that, for the secret of a sign-in.

        Raises:
            LinkExpired: it was taken already, is too old, or was not made here.
        """
        try:
            account, secret = await self._taken(offered)
        except LinkExpired:
            self.log.warning("access.link_refused", act="sign_in", address=address)
            raise
        self.log.event("access.signed_in", account=account.id, way="link", address=address)
        return secret

    async def _taken(self, offered: str) -> tuple[Account, str]:
        try:
            secret, _ = self.signer.read(PURPOSE, offered)
        except BadSignature:
            raise LinkExpired from None
        async with self.units.write() as unit:
            sign_in = await unit.login_sessions.find(digest_of(secret))
            account = await unit.accounts.get(sign_in.account_id) if sign_in else None
            if sign_in is None or account is None or sign_in.is_over(self.clock.now()):
                raise LinkExpired
            await unit.login_sessions.end(sign_in.digest)
            taken = await begin_session(unit, account, self.names, self.clock)
            await unit.commit()
        return account, taken
