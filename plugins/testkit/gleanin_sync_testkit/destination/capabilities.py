"""What a destination can do; what it cannot do is not tested."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DestinationCapabilities:
    has_several_events: bool = True
    """A token sees several events."""
    tells_time_zone: bool = True
    """Events are reported with their time zones."""
    tells_emails: bool = True
    """Records are listed with their e-mail addresses."""
    takes_associations: bool = True
    """People are stored with the sessions that they speak in: `sessions` is in the schema of speakers."""
    takes_further_kinds: bool = True
    """Kinds that other plug-ins bring can be written, by `Access.schemas`."""
    has_share_links: bool = True
    """People are listed with share links."""
    can_clear: bool = True
    """A field can be emptied by an update."""
    gives_reasons: bool = True
    """The service says why it rejects a record."""
    has_token: bool = True
    """Requests have a token, which the service can refuse."""
    is_http: bool = True
    """It is reached through the client that `open` is given; nearly always True."""
    is_paged: bool = True
    """Lists come in pages: the stand-in makes them with `page`."""
    tells_totals: bool = True
    """An answer says how many records there are, or names all of them, so that one that is missing is noticed."""
    has_next_links: bool = True
    """The next page is found by a link: the stand-in makes it with `link`."""
