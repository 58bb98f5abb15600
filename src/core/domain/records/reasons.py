"""Reasons for outcomes: all sentences that a report can contain (rule 26)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from core.domain.records.kinds import RecordKind

FIELD_NAMES = {
    "starts_at": "starts at",
    "ends_at": "ends at",
    "email": "e-mail",
    "first_name": "first name",
    "last_name": "last name",
    "job_title": "job title",
    "company_name": "company name",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """The reason for an outcome: a code for machines, a sentence for people, and details or advice."""

    code: str
    sentence: str
    detail: str = ""

    def with_note(self, *notes: str) -> "Reason":
        """Return the reason with notes added to its detail."""
        if not notes:
            return self
        detail = " ".join(text for text in (self.detail, *notes) if text)
        return replace(self, detail=detail)


def field_name(field: str) -> str:
    return FIELD_NAMES.get(field, field.replace("_", " "))


def _listed(fields: Iterable[str]) -> str:
    return ", ".join(field_name(field) for field in fields)


# Written
NEW = Reason("new", "New in Gleanin.")
GONE_FROM_DESTINATION = Reason(
    "gone_from_gleanin", "It was deleted in Gleanin but is still in the programme, so it is created again."
)
STILL_THERE = Reason("still_there", "Gleanin did not list it but still has it, so it is sent again.")
UNCONFIRMED = Reason("unconfirmed", "An earlier change was never confirmed, so all fields are sent again.")
FOUND_AGAIN = Reason(
    "found_again", "An earlier run created it but could not record that; it was found by its id."
)
SAME = Reason("same", "Nothing has changed since it was last sent.")


def changed(fields: Iterable[str]) -> Reason:
    return Reason("changed", f"Changed: {_listed(fields)}.")


# Skipped (rules 10, 12, 14)
PASSED = Reason("passed", "The session has passed.")
ABSTRACT = Reason("abstract", "It is an abstract, not a program session.")
COMPOSITION_SOURCE = Reason(
    "composition_source", "It was merged into another session, which is synced instead."
)
SUBSESSION = Reason("subsession", "It is a subsession; only the session it belongs to is synced.")
NO_SYNCING_SESSION = Reason("no_syncing_session", "None of this person's sessions are synced.")
SESSIONS_PASSED = Reason("sessions_passed", "All of this person's sessions have passed.")
SESSIONS_BLOCKED = Reason(
    "sessions_blocked",
    "All sessions this person could be synced for are blocked.",
    "Correct those sessions in Sessionboard. Their outcomes say how.",
)
ROLE_WITHOUT_CATEGORY = Reason(
    "role_without_category",
    "The person's role has no category (speaker, chairperson or moderator).",
    "Set the role's category in Sessionboard.",
)
ENDED_CONNECTION = Reason(
    "ended_connection",
    "It was synced before you disconnected, so it is no longer updated in this Gleanin event.",
    "Edit it in Gleanin by hand, or map the event to another Gleanin event.",
)


def not_accepted(status: str | None) -> Reason:
    return Reason("not_accepted", f"Its status is {status or 'not set'}, not accepted.")


MISSING_FIELD_CODES = frozenset({"missing_fields", "primary_without_email"})
"""Codes of the reasons for a missing required field."""
SETTING_CODES = frozenset({"role_off"})
"""Codes of the reasons that come from the mapping's settings, not from the source."""


def role_off(roles: Iterable[str]) -> Reason:
    names = " and ".join(sorted(f"{role}s" for role in roles))
    return Reason(
        "role_off", f"The mapping does not sync {names}.", "Turn the role on in the mapping's settings."
    )


# Kept (rule 22)
NOT_IN_SOURCE = Reason("not_in_sessionboard", "It is no longer in Sessionboard's programme.")
NOT_ALL_READ = Reason(
    "not_all_read",
    "Not all of the programme could be read, so this record may or may not still be in it.",
    "The message of this run says what is missing.",
)
DELETE_BY_HAND = "It stays in Gleanin. To remove it, an admin must delete it there by hand."
STAYS_AS_SENT = "It stays in Gleanin as it was last sent."


# Blocked (rules 13 to 19)
def missing(fields: Iterable[str]) -> Reason:
    fields = tuple(fields)
    subject, pronoun = ("Required field is", "it") if len(fields) == 1 else ("Required fields are", "them")
    return Reason(
        "missing_fields",
        f"{subject} missing: {_listed(fields)}.",
        f"Add {pronoun} in Sessionboard, then sync again.",
    )


def unreadable_times(times: Iterable[tuple[str, str]]) -> Reason:
    found = "; ".join(f"{field_name(field)} is {text!r:.60}" for field, text in times)
    return Reason(
        "unreadable_time",
        f"The time is invalid or has no time zone: {found}.",
        "Set the time again in Sessionboard.",
    )


ENDS_BEFORE_START = Reason(
    "ends_before_start", "It ends before it starts.", "Correct starts at or ends at in Sessionboard."
)


def not_an_address(email: str) -> Reason:
    return Reason("not_an_address", f"The e-mail {email!r:.80} is not valid.", "Correct it in Sessionboard.")


def same_email(goes: str, blocked: str, email: str) -> Reason:
    return Reason(
        "same_email",
        f"{blocked} has the same e-mail as {goes} ({email}); only {goes} is synced.",
        "Give each person their own e-mail in Sessionboard, or merge the two.",
    )


def foreign_contact(email: str) -> Reason:
    return Reason(
        "foreign_contact",
        f"The e-mail {email} belongs to a contact in Gleanin that this sync did not create.",
        "Delete or disconnect that contact in Gleanin.",
    )


def email_of_kept(email: str, holder: str) -> Reason:
    return Reason(
        "email_of_kept",
        f"The e-mail {email} already belongs to {holder} in Gleanin, who was synced earlier.",
        "Delete that contact in Gleanin, or correct one of the two e-mails in Sessionboard.",
    )


def no_primary_contact(exhibitor: str) -> Reason:
    return Reason(
        "no_primary_contact",
        f"The exhibitor {exhibitor} has no primary contact.",
        "Choose a primary contact in Sessionboard.",
    )


def primary_without_email(exhibitor: str, primary: str) -> Reason:
    return Reason(
        "primary_without_email",
        f"The primary contact of the exhibitor {exhibitor}, {primary}, has no e-mail.",
        "Add the primary contact's e-mail in Sessionboard, then sync again.",
    )


def unreadable(kind: RecordKind, problem: str) -> Reason:
    return Reason("unreadable", f"Sessionboard's data for this {kind} cannot be read: {problem}")


NO_ID = Reason(
    "no_id",
    "Sessionboard sent it without an id, so the next sync could not recognize it.",
    "If this persists, contact Sessionboard's support.",
)


# Failed
def dependency_failed(email: str) -> Reason:
    return Reason(
        "waited_in_vain",
        f"It needs the e-mail {email}, but the record that has it now could not be updated.",
        "Resolve that record's outcome first, then sync again.",
    )


def rejected(message: str, *, waited: bool = False) -> Reason:
    """Return the reason for a write that Gleanin rejected.

    Args:
        message: Gleanin's own words.
        waited: the record waited for an e-mail that another record had.
    """
    advice = "Correct what Gleanin names, then sync again."
    if waited:
        advice += (
            " If it names the e-mail, another contact still has it. If two people are swapping e-mails, give one of "
            "them a temporary one first."
        )
    return Reason("rejected", f"Gleanin rejected it: {message}", advice)


def forbidden(message: str) -> Reason:
    return Reason(
        "forbidden",
        f"Gleanin refused this write, although it accepts the token: {message}",
        "A firewall may have blocked words in the text. Change them in Sessionboard, or contact Gleanin's support.",
    )


def no_answer(message: str) -> Reason:
    return Reason(
        "no_answer",
        f"Gleanin did not confirm it: {message}",
        "The next sync looks it up, and sends it again if it is missing.",
    )


def kind_unknown(why: str) -> Reason:
    return Reason(
        "kind_unknown",
        f"Records of this kind cannot be written safely. {why}",
        "Ask Gleanin's support whether your account has such records.",
    )


def run_stopped(why: str) -> Reason:
    return Reason("run_stopped", f"Not sent: the sync stopped. {why}", "Resolve this, then sync again.")


# Notes, added to a reason's detail
HEIC_LEFT_OUT = "The picture was left out: Gleanin does not accept .heic pictures."


def picture_left_out(value: str) -> str:
    return f"The picture was left out: {value!r:.80} is not an http(s) URL."


def duplicated(copies: Iterable[str]) -> str:
    return f"Gleanin has it more than once ({', '.join(copies)}): delete all but one there by hand."


def also_at(sent_for: str, others: Iterable[str]) -> str:
    return f"Sent once, for {sent_for}; this also covers {', '.join(others)}."


def associations_left_out(people: Iterable[str]) -> str:
    return f"Not linked to {', '.join(people)}: synced before you disconnected and no longer updated."


def sessions_left_out(sessions: Iterable[str]) -> str:
    return f"Not linked to {', '.join(sessions)}: not in Gleanin yet."
