"""Sentences about sponsors, for the outcomes of their records."""

from ports.plugins import Reason, Systems


def no_primary_contact(sponsor: str, systems: Systems) -> Reason:
    return Reason(
        "no_primary_contact",
        f"The sponsor {sponsor} has no primary contact.",
        f"Choose a primary contact in {systems.source}.",
    )


def primary_without_email(sponsor: str, primary: str, systems: Systems) -> Reason:
    return Reason(
        "primary_without_email",
        f"The primary contact of the sponsor {sponsor}, {primary}, has no e-mail.",
        f"Add the primary contact's e-mail in {systems.source}, then sync again.",
    )


def without_name(sponsor: str) -> str:
    """Return a note on a missing company name, which is easily taken for the contact's own company."""
    return f"The company name is that of the sponsor {sponsor:.200}, which has none."


def unknown_tier_field(field: str) -> str:
    return f"No tier was sent: no sponsor has a custom field {field!r:.60}."
