"""The choice of the field that holds share links (rule 38)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from core.domain.errors import DomainError, InvalidInput
from core.domain.links.link_homes import LinkField
from core.domain.systems import ExternalSystem

DEFAULT_FIELD_NAME = "Gleanin Link"
"""As the source's native integration calls its own."""
ORDER_AGAIN_AFTER = timedelta(minutes=15)
"""Time after which a field that was ordered and is still not listed may be ordered again: nobody can tell a lost
request from a slow one earlier."""
MAX_LISTED = 20


class FieldOrdered(DomainError):
    """The field was ordered, and whether it was made is not known yet."""

    code = "field_ordered"

    def __init__(self, name: str, source: ExternalSystem) -> None:
        minutes = int(ORDER_AGAIN_AFTER.total_seconds() // 60)
        super().__init__(
            f"A field {name!r:.60} was already ordered, and {source} does not list it yet. List the fields again in a few "
            f"minutes. It can be ordered again after {minutes} minutes."
        )


class LinksNotTaken(InvalidInput):
    """The source has no place for share links."""

    code = "links_not_taken"

    def __init__(self, source: ExternalSystem, about: str = "link_field") -> None:
        super().__init__(f"{source} takes no share links, so they cannot be written back.", about=about)


class WriteBackOff(InvalidInput):
    """No field is chosen."""

    code = "write_back_off"

    def __init__(self, source: ExternalSystem) -> None:
        super().__init__(
            f"Writing links back into {source} is off for this mapping. Choose a field first.",
            about="link_field",
        )


def choose_field(
    fields: Sequence[LinkField], name: str, source: ExternalSystem, *, about: str = "link_field"
) -> LinkField:
    """Return the field of this internal name, or else the only one of exactly this public name.

    Args:
        fields: those that can be chosen.
        name: of either kind.
        source: whose fields.
        about: the setting that it is chosen for.

    Raises:
        InvalidInput: there is none, or several have the public name; the sentence lists them.
    """
    known = [field for field in fields if field.internal_name == name]
    known = known or [field for field in fields if field.public_name == name]
    if len(known) == 1:
        return known[0]
    if known:
        raise InvalidInput(
            f"{source} has several fields {name!r:.60}. Choose one by its internal name: {_listed(known)}.",
            about=about,
        )
    choices = f"Choose one of: {_listed(fields)}." if fields else "This event has none. Order one first."
    raise InvalidInput(f"{source} has no event-level text field {name!r:.60}. {choices}", about=about)


def check_campaign(campaign: str, known: Mapping[str, str], destination: ExternalSystem) -> None:
    """Check a campaign that was chosen, unless no links are known yet.

    Args:
        campaign: its id; empty for none.
        known: the titles of the campaigns that people have links of, by id.
        destination: whose campaigns.

    Raises:
        InvalidInput: nobody has a link of it.
    """
    if not campaign or not known or campaign in known:
        return
    choices = ", ".join(f"{each} ({title})" for each, title in [*known.items()][:MAX_LISTED])
    raise InvalidInput(
        f"No one has a link of {destination}'s campaign {campaign!r:.60}. Choose one of: {choices}.",
        about="link_campaign",
    )


def _listed(fields: Iterable[LinkField]) -> str:
    labels = [field.label for field in fields]
    more = len(labels) - MAX_LISTED
    return ", ".join(labels[:MAX_LISTED]) + (f" and {more} more" if more > 0 else "")
