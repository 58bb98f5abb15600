"""What a kind of records can have."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class KindCapabilities:
    """What a kind has; without one of these, the tests that need it are skipped."""

    are_people: bool = True
    """Its records are people, with an e-mail each."""
    has_readers: bool = True
    """It says how sources read its feed."""
    has_schemas: bool = True
    """It says how destinations write it."""
    has_settings: bool = False
    """An admin can set something for each mapping."""
    has_sandbox_rows: bool = False
    """It has rows for the sandbox."""
    has_page: bool = True
    """It has a page, which shows the rows of its feed."""
