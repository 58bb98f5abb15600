"""Open a portal page by its link (rules 30 and 31)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.access.portal_links import PersonRef, check_portal_link
from core.domain.errors import LinkExpired
from core.domain.ids import DestinationEventId, OrganizationId, SourceId
from core.domain.records.kinds import KINDS, RecordKind
from core.domain.records.synced_records import ShareLink, presentable
from core.usecases.access.portal_person import PURPOSE
from ports.clock import Clock
from ports.signer import BadSignature, Signer
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class PortalPage:
    """The content of a portal page, which shows one person only (rule 31)."""

    kind: RecordKind
    name: str
    event: str
    links: Sequence[ShareLink]


@dataclass(frozen=True, slots=True)
class OpenPortal:
    units: UnitOfWorkFactory
    signer: Signer
    clock: Clock

    async def __call__(self, signed: str) -> PortalPage:
        """Return the content of the page that a link opens.

        Raises:
            LinkExpired: the link was not created here, is too old or was revoked, or the person is no longer known.
        """
        try:
            claims, created_at = self.signer.read(PURPOSE, signed)
        except BadSignature:
            raise LinkExpired from None
        organization_id, event_id, kind_name, source_id = json.loads(claims)
        ref = PersonRef(
            OrganizationId(organization_id),
            DestinationEventId(event_id),
            KINDS.named(kind_name),
            SourceId(source_id),
        )
        async with self.units.read() as unit:
            check_portal_link(created_at, await unit.portal_revocations.get(ref), self.clock.now())
            people = await unit.synced.find(ref.organization_id, ref.event_id, ref.kind, [ref.source_id])
            mappings = await unit.mappings.list_by_organization(ref.organization_id)
        person = people.get(ref.source_id)
        events = [
            mapping.source_event_name for mapping in mappings if mapping.events.destination_id == ref.event_id
        ]
        if person is None or not events:
            raise LinkExpired
        return PortalPage(ref.kind, person.label, events[-1], presentable(person.links))
