"""Errors of the database, by what the caller can do about them."""

from enum import StrEnum


class PersistenceError(Exception):
    pass


class UniqueConstraint(StrEnum):
    """The unique constraints of the database."""

    ORGANIZATION_NAME = "organization_name"
    OPEN_CONNECTION = "open_connection"
    SOURCE_EVENT = "source_event"
    DESTINATION_EVENT = "destination_event"
    RUNNING_RUN = "running_run"
    QUEUED_RUN = "queued_run"
    ACCOUNT_EMAIL = "account_email"


class UniqueViolation(PersistenceError):
    def __init__(self, what: UniqueConstraint) -> None:
        super().__init__(f"taken: {what}")
        self.what = what


class DatabaseUnavailable(PersistenceError):
    """The database cannot be used; the text is a sentence that says what to do."""
