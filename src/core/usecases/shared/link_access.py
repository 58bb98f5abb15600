"""Open a mapping's source for writing links (rule 38)."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from core.domain.links.link_fields import LinksNotTaken
from core.domain.links.link_homes import LinkHome, LinkSettings
from core.domain.records.digests import digest_of
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.secrets import SealedCredentials, SystemCredentials
from core.usecases.shared.credentials import unseal
from core.usecases.shared.write_back import WriteBack
from ports.cipher import TokenCipher
from ports.clock import Clock
from ports.destination import BeforeWrite
from ports.link_writer import LinkWriter, LinkWriters
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class LinkAccess:
    units: UnitOfWorkFactory
    cipher: TokenCipher
    clock: Clock
    link_writers: LinkWriters

    def homes(self, mapping: EventMapping) -> Mapping[str, LinkHome]:
        """Return where the links of people are written, by the kind's name.

        Raises:
            LinksNotTaken
        """
        source = mapping.systems.source
        if homes := self.link_writers.homes(source.identifier):
            return homes
        raise LinksNotTaken(source)

    @asynccontextmanager
    async def writer(
        self, mapping: EventMapping, sealed: SealedCredentials, before_write: BeforeWrite
    ) -> AsyncIterator[tuple[LinkWriter, str]]:
        """Open the source, and return its link writer with the digest of the token that it uses.

        Raises:
            SourceError, InvalidInput, DecryptionFailed
        """
        source, credentials = mapping.systems.source.identifier, unseal(self.cipher, sealed)
        async with self.link_writers.open(source, credentials, before_write) as writer:
            yield writer, token_digest(source, credentials)

    @asynccontextmanager
    async def write_back(
        self,
        mapping: EventMapping,
        sealed: SealedCredentials,
        before_write: BeforeWrite,
        settings: LinkSettings | None = None,
        on_page: Callable[[], None] = lambda: None,
    ) -> AsyncIterator[WriteBack]:
        """Open the source for writing back the links of a mapping.

        Args:
            mapping: whose links.
            sealed: the credentials of its source.
            before_write: awaited before each write request; raises to prevent the write.
            settings: other ones than the mapping has.
            on_page: called whenever something was read or written.

        Raises:
            SourceError, InvalidInput, DecryptionFailed
        """
        homes, chosen = self.homes(mapping), settings or mapping.settings.links
        async with self.writer(mapping, sealed, before_write) as (writer, token):
            yield WriteBack(self.units, mapping, homes, writer, token, chosen, on_page)


def token_digest(source: str, credentials: SystemCredentials) -> str:
    """Return a digest by which the use of a token is counted; the token cannot be told from it."""
    fields = sorted(credentials.fields.items())
    return digest_of((source, credentials.url, credentials.token.value, fields))
