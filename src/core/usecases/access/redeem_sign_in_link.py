"""Sign in with a link that works once."""

from dataclasses import dataclass

from core.domain.access.accounts import Account
from core.domain.access.api_keys import hash_secret
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
    ids: IdGenerator
    clock: Clock
    log: EventLog

    async def __call__(self, signed: str, address: str) -> str:
        """Exchange a link, which is used up by this, for the secret of a login session.

        Raises:
            LinkExpired: the link was used, is too old, or was not created here.
        """
        try:
            account, secret = await self._redeem(signed)
        except LinkExpired:
            self.log.warning("access.link_refused", act="sign_in", address=address)
            raise
        self.log.event("access.signed_in", account=account.id, way="link", address=address)
        return secret

    async def _redeem(self, signed: str) -> tuple[Account, str]:
        try:
            secret, _ = self.signer.read(PURPOSE, signed)
        except BadSignature:
            raise LinkExpired from None
        async with self.units.write() as unit:
            session = await unit.login_sessions.find(hash_secret(secret))
            account = await unit.accounts.get(session.account_id) if session else None
            if session is None or account is None or session.is_over(self.clock.now()):
                raise LinkExpired
            await unit.login_sessions.end(session.digest)
            new_secret = await begin_session(unit, account, self.ids, self.clock)
            await unit.commit()
        return account, new_secret
