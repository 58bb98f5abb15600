"""Add an organization, with its access to the source."""

from dataclasses import dataclass

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.domain.errors import AlreadyExists, InvalidInput
from core.domain.ids import OrganizationId
from core.domain.tenancy.organizations import Organization
from core.domain.tenancy.secrets import Token
from ports.cipher import TokenCipher
from ports.clock import Clock
from ports.id_generator import IdGenerator
from ports.source import SourceMissing, SourceOpener, Sources
from ports.store.errors import UniqueViolation
from ports.store.unit_of_work import UnitOfWorkFactory

DEFAULT_SOURCE = "sessionboard"


@dataclass(frozen=True, slots=True)
class NewOrganization:
    name: str
    source_url: str
    token: Token
    source: str = DEFAULT_SOURCE
    """The identifier of the source; it never changes (rule 43)."""


@dataclass(frozen=True, slots=True)
class AddOrganization:
    units: UnitOfWorkFactory
    sources: Sources
    cipher: TokenCipher
    ids: IdGenerator
    clock: Clock

    async def __call__(self, command: NewOrganization, *, actor: Actor) -> Organization:
        """Test the token with the source, then store the organization.

        Raises:
            DomainError: the name is taken, or the URL is invalid.
            SourceError: the source refused the token or cannot be reached; nothing is stored.
        """
        # Normalize the URL: it tells an event from the same event of another region (rule 4).
        opener = self._opener(command.source)
        url = opener.normalize_url(command.source_url)
        organization = Organization(
            OrganizationId(self.ids.new()),
            command.name.strip(),
            opener.system,
            url,
            self.cipher.seal(command.token),
        )
        async with opener.open(url, command.token) as source:
            await source.events()
        async with self.units.write() as unit:
            try:
                await unit.organizations.add(organization)
            except UniqueViolation:
                raise AlreadyExists(organization.name) from None
            now, action = self.clock.now(), Action.ORGANIZATION_ADDED
            await unit.audit.add(AuditEntry(now, actor.name, action, organization.id, organization.name))
            await unit.commit()
        return organization

    def _opener(self, identifier: str) -> SourceOpener:
        try:
            return self.sources.named(identifier)
        except SourceMissing as error:
            raise InvalidInput(str(error), about="source") from error
