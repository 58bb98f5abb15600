"""Event mappings: one source event mapped to one destination event (rules 4 to 7)."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from core.domain.errors import (
    AlreadyMapped,
    BoundToAnother,
    EventArchived,
    NotMapped,
    TimeZoneUnconfirmed,
    TimeZoneUnknown,
)
from core.domain.ids import ConnectionId, DestinationEventId, MappingId, OrganizationId, SourceEventId
from core.domain.links.link_homes import LinkSettings
from core.domain.records.destination_records import DestinationEvent
from core.domain.records.source_records import SourceEvent
from core.domain.systems import Systems
from core.domain.tenancy.kind_values import KindValues
from core.domain.tenancy.time_zones import gmt_offsets, known_mismatch, zone_named


class TracksFrom(StrEnum):
    """The source of a session's tracks in the destination (rule 13)."""

    TRACK = "track"
    TAGS = "tags"
    OFF = "off"


class ExhibitorName(StrEnum):
    """The value for a contact's company name in the destination (rule 17)."""

    CONTACT = "contact"
    EXHIBITOR = "exhibitor"


@dataclass(frozen=True, slots=True)
class MappingSettings:
    tracks: TracksFrom = TracksFrom.TRACK
    chairpersons: bool = True
    moderators: bool = True
    exhibitor_name: ExhibitorName = ExhibitorName.CONTACT
    kinds: KindValues = field(default_factory=dict)
    """Of the settings that further kinds bring."""

    one_name_is_enough: bool = False
    """Whether a speaker without a last name is synced (rule 14)."""
    only_accepted_roles: bool = True
    """Whether people are synced only for roles that they have accepted (rule 35)."""
    links: LinkSettings = field(default_factory=LinkSettings)
    """Whether and where share links are written back into the source (rule 38)."""

    def __post_init__(self) -> None:
        # In order: equal settings have equal digests.
        ordered = {
            name: dict(sorted(values.items())) for name, values in sorted(self.kinds.items()) if values
        }
        object.__setattr__(self, "kinds", ordered)

    def takes(self, is_accepted: bool | None) -> bool:
        """Check whether a role or a session is synced, by whether it was accepted (rule 35)."""
        return is_accepted is not False or not self.only_accepted_roles


@dataclass(frozen=True, slots=True)
class EventPair:
    """The two events of a mapping.

    A source event is identified by its URL and id, because the regions number their events independently.
    """

    source_url: str
    source_id: SourceEventId
    destination_id: DestinationEventId

    def shares_source(self, other: "EventPair") -> bool:
        return (self.source_url, self.source_id) == (
            other.source_url,
            other.source_id,
        )

    def shares_destination(self, other: "EventPair") -> bool:
        return self.destination_id == other.destination_id


@dataclass(frozen=True, slots=True)
class EventMapping:
    id: MappingId
    organization_id: OrganizationId
    connection_id: ConnectionId
    events: EventPair
    systems: Systems
    source_event_name: str
    destination_event_name: str
    created_at: datetime
    settings: MappingSettings = field(default_factory=MappingSettings)
    confirmed_time_zone: str | None = None
    """The source zone that an admin confirmed because the destination does not report one (rule 7)."""
    written: bool = False
    """Whether something was sent to the destination under this mapping, or was about to be (rule 5)."""
    removed_at: datetime | None = None
    connection_ended: bool = False
    continuous_sync: bool = False
    """Whether it is synced automatically about every 30 minutes (rule 24)."""
    time_zone: str | None = None
    """The source event's zone at the last reading; times are shown in it."""
    destination_time_zone: str | None = None
    """The zone that the destination reported at the last reading; None if it reported none."""
    settings_saved: bool = True
    """Continuous sync waits until an admin has saved the settings (rule 24)."""

    @property
    def label(self) -> str:
        """Return both events' names, as the mapping is shown."""
        return f"{self.destination_event_name} > {self.source_event_name}"

    @property
    def is_active(self) -> bool:
        return self.removed_at is None

    @property
    def reserves_events(self) -> bool:
        """Check whether its events cannot be mapped to others (rules 4 and 5)."""
        return self.is_active or (self.written and not self.connection_ended)

    def remove(self, at: datetime) -> "EventMapping":
        self.check_active()
        return replace(self, removed_at=at)

    @property
    def is_continuous(self) -> bool:
        """Check whether the mapping is synced automatically, once its settings are saved (rule 24)."""
        return self.is_active and self.continuous_sync and not self.connection_ended

    @property
    def waits_for_settings(self) -> bool:
        """Check whether continuous sync is on but waits for the settings to be saved (rule 24)."""
        return self.is_active and self.continuous_sync and not self.settings_saved

    def known_mismatch(self, now: datetime) -> str:
        """Return the sentence for two events whose known zones always differ (rule 7); empty if they do not."""
        return known_mismatch(self.time_zone, self.destination_time_zone, now, self.systems)

    def map_again(self, confirmed_time_zone: str | None) -> "EventMapping":
        """Return the removed mapping as active again, to continue where it stopped (rule 5)."""
        return replace(self, removed_at=None, confirmed_time_zone=confirmed_time_zone)

    def with_zones(self, time_zone: str | None, destination_time_zone: str | None) -> "EventMapping":
        """Return the mapping with the zones that the systems report now; the same object if unchanged."""
        if (time_zone, destination_time_zone) == (self.time_zone, self.destination_time_zone):
            return self
        return replace(self, time_zone=time_zone, destination_time_zone=destination_time_zone)

    def end_with_connection(self, at: datetime) -> "EventMapping":
        """Return the mapping as ended for good (rule 8): its events are free for another connection."""
        return replace(self, removed_at=self.removed_at or at, connection_ended=True)

    def mark_written(self) -> "EventMapping":
        """Return the mapping with its two events bound to each other (rule 5)."""
        return replace(self, written=True)

    def unmark_written(self) -> "EventMapping":
        """Return the mapping with its events unbound, because nothing was written after all."""
        return replace(self, written=False)

    def check_active(self) -> None:
        """Check that the mapping can be synced (rule 11).

        Raises:
            NotMapped: it was removed.
        """
        if not self.is_active:
            raise NotMapped(self.id)


def zone_to_confirm(
    source: SourceEvent, destination: DestinationEvent, systems: Systems, now: datetime, *, confirmed: bool
) -> str | None:
    """Check two events that are to be mapped, and return the zone that an admin confirmed (rule 7).

    Raises:
        EventArchived: the destination event is archived.
        TimeZoneUnknown: the source reports no known zone.
        TimeZoneUnconfirmed: the destination reports no known zone, so an admin must confirm it.
    """
    if destination.is_archived:
        raise EventArchived(destination.name, systems.destination)
    ours = zone_named(source.time_zone)
    if ours is None:
        raise TimeZoneUnknown(source.name, source.time_zone, systems.source)
    if zone_named(destination.time_zone) is None and not confirmed:
        offsets = gmt_offsets(ours, now)
        raise TimeZoneUnconfirmed(source.time_zone or "", offsets, systems, destination.time_zone)
    return source.time_zone if confirmed else None


def mapping_to_continue(
    requested: EventPair, systems: Systems, connection_id: ConnectionId, holders: Iterable[EventMapping]
) -> EventMapping | None:
    """Check whether two events can be mapped, given the mappings that contain either of them.

    Returns:
        The removed mapping of the same pair to continue, or None if a new one must be created.

    Raises:
        AlreadyMapped: one of the events is in a mapping (rule 4).
        BoundToAnother: one of the events was synced with another under this connection (rule 5).
    """
    holders = [mapping for mapping in holders if mapping.reserves_events]
    for mapping in holders:
        if mapping.events == requested and mapping.connection_id == connection_id and not mapping.is_active:
            continue
        ours = mapping.connection_id == connection_id
        for system, event, is_shared in (
            (systems.destination, requested.destination_id, mapping.events.shares_destination(requested)),
            (systems.source, requested.source_id, mapping.events.shares_source(requested)),
        ):
            if not is_shared:
                continue
            if mapping.is_active or not ours:
                # Reveal no more of another organization's mapping than that it exists.
                raise AlreadyMapped(system, event)
            partner = (
                mapping.source_event_name if system == systems.destination else mapping.destination_event_name
            )
            raise BoundToAnother(system, event, partner)
    return next((mapping for mapping in holders if mapping.events == requested), None)
