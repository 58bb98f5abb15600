"""Create a link that signs an account in once."""

from dataclasses import dataclass

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.domain.errors import NotAuthenticated
from core.usecases.access.begin_session import begin_session
from ports.clock import Clock
from ports.id_generator import IdGenerator
from ports.signer import Signer
from ports.store.unit_of_work import UnitOfWorkFactory

PURPOSE = "sign-in"


@dataclass(frozen=True, slots=True)
class CreateSignInLink:
    """Create a sign-in link at the command line, whose users can do everything that the account can."""

    units: UnitOfWorkFactory
    signer: Signer
    ids: IdGenerator
    clock: Clock

    async def __call__(self, email: str, *, actor: Actor) -> str:
        """Begin a login session for a browser that will open a link, and return the link's last part.

        Raises:
            NotAuthenticated: there is no account with this e-mail.
        """
        async with self.units.write() as unit:
            account = await unit.accounts.find_by_email(email)
            if account is None:
                raise NotAuthenticated(f"There is no account for {email:.120}. Ask an admin to add one.")
            secret = await begin_session(unit, account, self.ids, self.clock)
            now = self.clock.now()
            await unit.audit.add(AuditEntry(now, actor.name, Action.SIGN_IN_LINK_MADE, None, account.email))
            await unit.commit()
        return self.signer.sign(PURPOSE, secret, now)
