"""Event mappings: one Sessionboard event tied to one Gleanin event (rules 4 to 7)."""

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
from core.domain.records.destination_records import DestinationEvent
from core.domain.records.source_records import SourceEvent
from core.domain.tenancy.systems import GLEANIN, SESSIONBOARD
from core.domain.tenancy.time_zones import gmt_offsets, zone_named


class TracksFrom(StrEnum):
    """Where a session's tracks in Gleanin come from (rule 13)."""

    TRACK = "track"
    TAGS = "tags"
    OFF = "off"


class ExhibitorName(StrEnum):
    """What goes to Gleanin's Company Name (rule 17)."""

    CONTACT = "contact"
    EXHIBITOR = "exhibitor"


@dataclass(frozen=True, slots=True)
class MappingSettings:
    tracks: TracksFrom = TracksFrom.TRACK
    chairpersons: bool = True
    moderators: bool = True
    exhibitor_name: ExhibitorName = ExhibitorName.CONTACT


@dataclass(frozen=True, slots=True)
class EventPair:
    """The two events of a mapping.

    A Sessionboard event is known by its host and its id: the regions number their events independently.
    """

    sessionboard_url: str
    sessionboard_id: SourceEventId
    gleanin_id: DestinationEventId

    def shares_sessionboard(self, other: "EventPair") -> bool:
        return (self.sessionboard_url, self.sessionboard_id) == (
            other.sessionboard_url,
            other.sessionboard_id,
        )

    def shares_gleanin(self, other: "EventPair") -> bool:
        return self.gleanin_id == other.gleanin_id


@dataclass(frozen=True, slots=True)
class EventMapping:
    id: MappingId
    organization_id: OrganizationId
    connection_id: ConnectionId
    events: EventPair
    sessionboard_name: str
    gleanin_name: str
    created_at: datetime
    settings: MappingSettings = field(default_factory=MappingSettings)
    confirmed_time_zone: str | None = None
    """The Sessionboard zone that an admin confirmed, where Gleanin does not tell its own (rule 7)."""
    written: bool = False
    """Something has been sent to Gleanin under this mapping, or was about to be (rule 5)."""
    removed_at: datetime | None = None
    connection_ended: bool = False
    continuous_sync: bool = False
    """Synced by itself about every 30 minutes (rule 24)."""
    time_zone: str | None = None
    """The Sessionboard event's, as it was last seen: in it times are told to people."""
    gleanin_time_zone: str | None = None
    """What Gleanin told of its event when it was last seen; None where it told nothing."""
    settings_saved: bool = True
    """Continuous sync waits until an admin has chosen what is synced (rule 24)."""

    @property
    def label(self) -> str:
        """Both events by name, as people call the mapping."""
        return f"{self.gleanin_name} > {self.sessionboard_name}"

    @property
    def is_active(self) -> bool:
        return self.removed_at is None

    @property
    def holds_its_events(self) -> bool:
        """Tell whether neither event can be mapped to anything else (rules 4 and 5)."""
        return self.is_active or (self.written and not self.connection_ended)

    def remove(self, at: datetime) -> "EventMapping":
        self.check_active()
        return replace(self, removed_at=at)

    @property
    def waits_for_settings(self) -> bool:
        """Check whether continuous sync is on and does not begin before the settings are saved (rule 24)."""
        return self.is_active and self.continuous_sync and not self.settings_saved

    def map_again(self, confirmed_time_zone: str | None) -> "EventMapping":
        """Go on where the removed mapping stopped (rule 5)."""
        return replace(self, removed_at=None, confirmed_time_zone=confirmed_time_zone)

    def with_zones(self, time_zone: str | None, gleanin_time_zone: str | None) -> "EventMapping":
        """Note the zones that the two systems tell now; what is unchanged gives the same mapping."""
        if (time_zone, gleanin_time_zone) == (self.time_zone, self.gleanin_time_zone):
            return self
        return replace(self, time_zone=time_zone, gleanin_time_zone=gleanin_time_zone)

    def end_with_connection(self, at: datetime) -> "EventMapping":
        """End for good (rule 8): its events are free for a mapping under another connection."""
        return replace(self, removed_at=self.removed_at or at, connection_ended=True)

    def mark_written(self) -> "EventMapping":
        """Bind the two events to each other (rule 5)."""
        return replace(self, written=True)

    def unmark_written(self) -> "EventMapping":
        """Free the two events again, where nothing was written after all."""
        return replace(self, written=False)

    def check_active(self) -> None:
        """Let only a mapping that exists be synced (rule 11).

        Raises:
            NotMapped: it was removed.
        """
        if not self.is_active:
            raise NotMapped(self.id)


def zone_to_confirm(
    source: SourceEvent, gleanin: DestinationEvent, now: datetime, *, confirmed: bool
) -> str | None:
    """Judge two events that are to be mapped, and give the zone that an admin has confirmed (rule 7).

    Raises:
        EventArchived, TimeZoneUnknown
        TimeZoneUnconfirmed: Gleanin does not tell its zone, or not so that it is understood, so an admin has to.
    """
    if gleanin.is_archived:
        raise EventArchived(gleanin.name)
    ours = zone_named(source.time_zone)
    if ours is None:
        raise TimeZoneUnknown(source.name, source.time_zone)
    if zone_named(gleanin.time_zone) is None and not confirmed:
        raise TimeZoneUnconfirmed(source.time_zone or "", gmt_offsets(ours, now), gleanin.time_zone)
    return source.time_zone if confirmed else None


def mapping_to_continue(
    wanted: EventPair, connection_id: ConnectionId, holders: Iterable[EventMapping]
) -> EventMapping | None:
    """Judge whether two events can be mapped, given the mappings that hold either of them.

    Returns the removed mapping of the same pair that goes on, or None where a new one is to be made.

    Raises:
        AlreadyMapped: one of them is in a mapping (rule 4).
        BoundToAnother: one of them was synced with another event under this connection (rule 5).
    """
    holders = [mapping for mapping in holders if mapping.holds_its_events]
    for mapping in holders:
        if mapping.events == wanted and mapping.connection_id == connection_id and not mapping.is_active:
            continue
        ours = mapping.connection_id == connection_id
        for side, event, shared in (
            (GLEANIN, wanted.gleanin_id, mapping.events.shares_gleanin(wanted)),
            (SESSIONBOARD, wanted.sessionboard_id, mapping.events.shares_sessionboard(wanted)),
        ):
            if not shared:
                continue
            if mapping.is_active or not ours:
                # Of another organization's mapping nothing more is said than that there is one.
                raise AlreadyMapped(side, event)
            partner = mapping.sessionboard_name if side == GLEANIN else mapping.gleanin_name
            raise BoundToAnother(side, event, partner)
    return next((mapping for mapping in holders if mapping.events == wanted), None)
