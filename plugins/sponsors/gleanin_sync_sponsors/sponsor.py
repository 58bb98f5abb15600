"""A sponsor of an event, with its contacts."""

from dataclasses import dataclass

from ports.plugins import ExhibitorContact, SourceId, normalize_line, normalize_url


@dataclass(frozen=True, slots=True)
class Sponsor:
    id: SourceId
    name: str | None = None
    logo: str | None = None
    contacts: tuple[ExhibitorContact, ...] = ()
    custom_fields: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(internal name, values) of each field; a field may be without values."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", normalize_line(self.name))
        object.__setattr__(self, "logo", normalize_url(self.logo))

    @property
    def label(self) -> str:
        return self.name or self.id

    @property
    def primary(self) -> ExhibitorContact | None:
        """Return the contact who represents the sponsor: of several primary ones, the one longest in the role."""
        return min((contact for contact in self.contacts if contact.is_primary), key=_rank, default=None)

    def has_field(self, internal_name: str) -> bool:
        return any(name == internal_name for name, _ in self.custom_fields)

    def values_of(self, internal_name: str) -> tuple[str, ...]:
        """Return the values of a custom field; none if the sponsor does not have it."""
        return tuple(
            value for name, values in self.custom_fields if name == internal_name for value in values
        )


def _rank(contact: ExhibitorContact) -> tuple[bool, float, SourceId]:
    """Return a key that sorts contacts by their time in the role; without a date, one counts as the most recent."""
    since = contact.in_role_since
    return since is None, since.timestamp() if since else 0.0, contact.person.id
