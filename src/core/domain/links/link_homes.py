"""Where share links go in a source: which records hold them, and in which of their fields (rule 38)."""

from dataclasses import dataclass
from typing import NewType

from core.domain.errors import InvalidInput
from core.domain.text import normalize_line

HolderType = NewType("HolderType", str)
"""A type of record in a source that can hold a share link, by the source's own name for it, such as `contacts`."""


@dataclass(frozen=True, slots=True)
class LinkHome:
    """The records of a source that hold the links of one kind of people."""

    person: HolderType
    """The people themselves; a person's record has the id of the synced record."""
    company: HolderType | None = None
    """The companies that people of this kind stand for; a company gets the link of its primary contact."""


@dataclass(frozen=True, slots=True)
class LinkField:
    """A custom field of an event's records that can hold a link."""

    internal_name: str
    public_name: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "public_name", normalize_line(self.public_name) or self.internal_name)

    @property
    def label(self) -> str:
        if self.public_name == self.internal_name:
            return self.internal_name
        return f"{self.public_name} ({self.internal_name})"


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """Whether and where a mapping's links are written back; by default they are not (rule 33)."""

    field: str = ""
    """The internal name of the field of a person; empty if links are not written back."""
    company_field: str = ""
    """The internal name of the field of a company; empty for none."""
    campaign: str = ""
    """The id of the campaign whose links are written; empty if there is only one."""

    def __post_init__(self) -> None:
        if self.company_field and not self.field:
            raise InvalidInput(
                "Links go to a company's field only beside a person's. Choose a person's field too.",
                about="company_link_field",
            )

    @property
    def is_on(self) -> bool:
        return bool(self.field)
