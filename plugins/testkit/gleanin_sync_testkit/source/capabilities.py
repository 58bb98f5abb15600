"""What a source claims to do; what it does not claim is not tested."""

from dataclasses import dataclass

SESSION_FIELDS = frozenset(
    (
        *("title", "description", "status", "starts_at", "ends_at", "track", "tags"),
        *("is_abstract", "is_composition_source", "is_subsession"),
    )
)
PERSON_FIELDS = frozenset(
    (
        *("first_name", "last_name", "full_name", "email", "job_title", "company_name", "headshot"),
        *("created_at", "updated_at", "role"),
    )
)
EXHIBITOR_FIELDS = frozenset(("name", "logo", "is_primary", "in_role_since"))
ALL_FIELDS = SESSION_FIELDS | PERSON_FIELDS | EXHIBITOR_FIELDS
"""Of sessions, people and their roles, exhibitors and their contacts."""


@dataclass(frozen=True, slots=True)
class SourceCapabilities:
    fields: frozenset[str] = ALL_FIELDS
    """The fields that the system has: `ALL_FIELDS - {"track"}`. Others are left out of the examples."""
    has_exhibitors: bool = True
    has_several_events: bool = True
    """False for a system, or a file, with exactly one event."""
    tells_time_zone: bool = True
    has_offsets: bool = True
    """Whether times are written with their UTC offset, as in `2027-05-01T09:00:00+02:00`."""
    is_paged: bool = True
    """Whether a list comes in several answers."""
    has_linked_pages: bool = False
    """Whether an answer has a link to the next page, which is followed; needs `SourceStandIn.next_at`."""
    tells_totals: bool = False
    """Whether an answer says how many rows there are in all; needs `SourceStandIn.total_at`."""
    has_change_feed: bool = False
    """Whether the source can tell that nothing has changed; needs `SourceStandIn.changes`."""
    needs_token: bool = True
    takes_token_in_url: bool = False
    """Whether the system takes the token in the URL only, as in `?api_key=…`, where a proxy's log shows it."""
    searches_by_post: bool = False
    """Whether it reads by POST requests, which change nothing."""
    reads_other_feeds: bool = False
    """Whether it reads the feeds of other plug-ins' kinds, by the readers in its access.

    The suite puts rows into the list `kit_rows`, which the stand-in must serve where the reader's path says: `kit_rows`.
    """
    reads_json: bool = True
    """False for a source whose rows are never JSON, so that they cannot be odd in the ways of JSON."""
    is_http: bool = True
    """False for a source that sends no requests, such as a file on the disk."""
