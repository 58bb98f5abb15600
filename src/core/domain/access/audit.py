"""Entries of the audit log: who did what, and when."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.domain.ids import OrganizationId


class Action(StrEnum):
    ORGANIZATION_ADDED = "organization_added"
    ORGANIZATION_REMOVED = "organization_removed"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    TOKEN_REPLACED = "token_replaced"  # noqa: S105 - names an action
    MAPPED = "mapped"
    MAPPING_REMOVED = "mapping_removed"
    SETTINGS_CHANGED = "settings_changed"
    SYNC_REQUESTED = "sync_requested"
    ACCOUNT_ADDED = "account_added"
    ACCOUNT_REMOVED = "account_removed"
    ROLE_GIVEN = "role_given"
    ROLE_TAKEN = "role_taken"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - likewise
    SIGN_IN_LINK_MADE = "sign_in_link_made"
    IDENTITY_BOUND = "identity_bound"
    IDENTITY_UNBOUND = "identity_unbound"
    API_KEY_MADE = "api_key_made"
    API_KEY_REVOKED = "api_key_revoked"
    PORTAL_ADDRESS_MADE = "portal_address_made"
    PORTAL_ADDRESS_REVOKED = "portal_address_revoked"
    LINK_FIELD_ORDERED = "link_field_ordered"
    LINKS_WRITTEN_BACK = "links_written_back"
    RECIPIENT_CHOSEN = "recipient_chosen"
    RECIPIENT_REMOVED = "recipient_removed"
    RECIPIENT_TRIED = "recipient_tried"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    at: datetime
    by: str
    action: Action
    organization_id: OrganizationId | None
    """None if it concerns the whole installation."""
    what: str
    """The display name of the object; never a token."""
    position: int = 0
    """Its position in the log once stored."""
    detail: str = ""
    """The destination as it was called then, for connecting and disconnecting; empty in entries of earlier versions."""
