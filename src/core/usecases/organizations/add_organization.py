"""Add an organization, with its access to the source."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.domain.errors import AlreadyExists, InvalidInput
from core.domain.ids import OrganizationId
from core.domain.tenancy.organizations import Organization
from core.domain.tenancy.secrets import Token
from core.usecases.shared.credentials import seal
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
    """`NO_TOKEN` for a source that needs none."""
    source: str = DEFAULT_SOURCE
    """The identifier of the source; it never changes (rule 43)."""
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The values of the source's access fields by name."""


@dataclass(frozen=True, slots=True)
class AddOrganization:
    units: UnitOfWorkFactory
    sources: Sources
    cipher: TokenCipher
    ids: IdGenerator
    clock: Clock

    async def __call__(self, command: NewOrganization, *, actor: Actor) -> Organization:
        """Test the access to the source, then store the organization.

        Raises:
            DomainError: the name is taken, or the URL, the token or an access field is invalid.
            SourceError: the source refused the token or cannot be reached; nothing is stored.
        """
        # Normalize the URL: it tells an event from the same event of another region (rule 4).
        opener = self._opener(command.source)
        url = opener.normalize_url(command.source_url)
        credentials = opener.requirements.check(url, command.token, command.fields)
        access = seal(self.cipher, credentials)
        organization = Organization(
            OrganizationId(self.ids.new()),
            command.name.strip(),
            opener.system,
            access.url,
            access.token,
            access.fields,
        )
        async with opener.open(credentials) as source:
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
