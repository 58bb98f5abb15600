"""An opener that delegates what an admin must enter: the base of test doubles that open something else."""

from collections.abc import Sequence

from core.domain.systems import ExternalSystem
from core.domain.tenancy.access_fields import AccessRequirements
from core.domain.tenancy.secrets import SystemCredentials
from ports.destination import DestinationOpener
from ports.probe import Finding


class DelegatingOpener:
    __slots__ = ()

    @property
    def delegate(self) -> DestinationOpener:
        raise NotImplementedError

    @property
    def system(self) -> ExternalSystem:
        return self.delegate.system

    @property
    def requirements(self) -> AccessRequirements:
        return self.delegate.requirements

    def normalize_url(self, url: str) -> str:
        return self.delegate.normalize_url(url)

    async def probe(self, credentials: SystemCredentials) -> Sequence[Finding]:
        return await self.delegate.probe(credentials)
