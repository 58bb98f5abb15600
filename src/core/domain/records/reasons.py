"""Why a record had its outcome: every sentence that a report can contain stands here (rule 26)."""

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
    """One cause: a code for machines, a sentence for people, and what more there is to say or do."""

    code: str
    sentence: str
    detail: str = ""

    def with_note(self, *notes: str) -> "Reason":
        if not notes:
            return self
        detail = " ".join(text for text in (self.detail, *notes) if text)
        return replace(self, detail=detail)


def field_name(field: str) -> str:
    return FIELD_NAMES.get(field, field.replace("_", " "))


def _listed(fields: Iterable[str]) -> str:
    return ", ".join(field_name(field) for field in fields)


# Written
NEW = Reason("new", "New in Sessionboard.")
GONE_FROM_GLEANIN = Reason(
    "gone_from_gleanin", "Was deleted in Gleanin and is still in the programme: created again."
)
STILL_THERE = Reason("still_there", "Gleanin did not list it, but has it: sent again to where it is.")
UNCONFIRMED = Reason(
    "unconfirmed", "A change that was sent earlier was never confirmed: all of it is sent again."
)
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
    "composition_source", "It was merged into another session, which is synced in its place."
)
SUBSESSION = Reason("subsession", "It is a subsession; only the session it belongs to is synced.")
NO_SYNCING_SESSION = Reason("no_syncing_session", "None of this person's sessions is synced.")
SESSIONS_PASSED = Reason("sessions_passed", "All of this person's sessions have passed.")
SESSIONS_BLOCKED = Reason(
    "sessions_blocked",
    "The sessions this person could be synced for are blocked.",
    "Correct those sessions in Sessionboard: their own outcomes say how.",
)
ROLE_WITHOUT_CATEGORY = Reason(
    "role_without_category",
    "The person's role belongs to no category (speaker, chairperson or moderator).",
    "Give the role a category in Sessionboard.",
)
ENDED_CONNECTION = Reason(
    "ended_connection",
    "It was sent to this Gleanin event under a connection that has ended, and is not written there again.",
    "Edit it in Gleanin by hand, or map the event to another Gleanin event.",
)


def not_accepted(status: str | None) -> Reason:
    return Reason("not_accepted", f"Its status is {status or 'not set'}, not accepted.")


LACKING = frozenset({"missing_fields", "primary_without_email"})
"""Codes of reasons that a required field is missing."""
BY_SETTING = frozenset({"role_off"})
"""Codes of reasons that lie in the mapping's settings, and not in the source."""


def role_off(roles: Iterable[str]) -> Reason:
    names = " and ".join(sorted(f"{role}s" for role in roles))
    return Reason(
        "role_off", f"The mapping does not sync {names}.", "Switch the role on in the mapping's settings."
    )


# Kept (rule 22)
NOT_IN_SESSIONBOARD = Reason("not_in_sessionboard", "It is no longer in Sessionboard's programme.")
NOT_ALL_READ = Reason(
    "not_all_read",
    "Not all of the programme could be read, so it is not known whether this one is still in it.",
    "The message of this run tells what is missing.",
)
DELETE_BY_HAND = "It stays in Gleanin: an admin must delete it there by hand if it should go."
STAYS_AS_SENT = "It stays in Gleanin as it was last sent."


# Blocked (rules 13 to 19)
def missing(fields: Iterable[str]) -> Reason:
    fields = tuple(fields)
    verb = "Required field is" if len(fields) == 1 else "Required fields are"
    return Reason(
        "missing_fields", f"{verb} missing: {_listed(fields)}.", "Fill in in Sessionboard and sync again."
    )


def unreadable_times(times: Iterable[tuple[str, str]]) -> Reason:
    said = "; ".join(f"{field_name(field)} is {text!r:.60}" for field, text in times)
    return Reason(
        "unreadable_time",
        f"A time has no offset from UTC or is no time: {said}.",
        "Set the time again in Sessionboard.",
    )


ENDS_BEFORE_START = Reason(
    "ends_before_start", "It ends before it starts.", "Correct starts at or ends at in Sessionboard."
)


def not_an_address(email: str) -> Reason:
    return Reason("not_an_address", f"The e-mail {email!r:.80} is no address.", "Correct it in Sessionboard.")


def same_email(goes: str, blocked: str, email: str) -> Reason:
    return Reason(
        "same_email",
        f"{blocked} has the same e-mail as {goes} ({email}); only {goes} is synced.",
        "Give each person an own e-mail in Sessionboard, or merge the two.",
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
        f"The e-mail {email} belongs to {holder} in Gleanin, who was synced earlier.",
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
        "Fill in the e-mail of the primary contact in Sessionboard.",
    )


def unreadable(kind: RecordKind, problem: str) -> Reason:
    return Reason("unreadable", f"Sessionboard's answer for this {kind} cannot be read: {problem}")


NO_ID = Reason(
    "no_id",
    "Sessionboard gave it no id, so it could not be recognised next time.",
    "If it persists, ask Sessionboard's support.",
)


# Failed
def dependency_failed(email: str) -> Reason:
    return Reason(
        "waited_in_vain",
        f"It was to get the e-mail {email} from somebody whose own change failed.",
        "See to that one's outcome, then sync again.",
    )


def rejected(said: str, *, waited: bool = False) -> Reason:
    """Say what Gleanin said; `waited` for somebody who was to get the e-mail that another one had."""
    advice = "Correct what Gleanin names and sync again."
    if waited:
        advice += (
            " If it names the e-mail: another contact has it still. Where two people swap their e-mails, give one of "
            "them a third one first."
        )
    return Reason("rejected", f"Gleanin refused it: {said}", advice)


def forbidden(said: str) -> Reason:
    return Reason(
        "forbidden",
        f"Gleanin refused this one write, though it takes the token: {said}",
        "A firewall may object to words in the text. Change them in Sessionboard, or ask Gleanin's support.",
    )


def no_answer(said: str) -> Reason:
    return Reason(
        "no_answer", f"Gleanin did not confirm it: {said}", "The next sync looks it up and tries again."
    )


def kind_unknown(why: str) -> Reason:
    return Reason(
        "kind_unknown",
        f"Nothing of this kind can be written safely. {why}",
        "Ask Gleanin's support whether the account has such records.",
    )


def run_stopped(why: str) -> Reason:
    return Reason(
        "run_stopped", f"The run stopped before this was sent. {why}", "Sync again once that is put right."
    )


# Notes, added to a reason's detail
HEIC_LEFT_OUT = "The picture was left out: Gleanin does not take .heic pictures."


def picture_left_out(value: str) -> str:
    return f"The picture was left out: {value!r:.80} is not an http(s) address."


def doubled(copies: Iterable[str]) -> str:
    return f"Gleanin has it more than once ({', '.join(copies)}): delete all but one there by hand."


def also_at(sent_for: str, others: Iterable[str]) -> str:
    return f"Goes once, for {sent_for}, and stands for {', '.join(others)} too."


def associations_left_out(people: Iterable[str]) -> str:
    return (
        f"Not tied to {', '.join(people)}: sent under a connection that has ended, and not written any more."
    )


def sessions_left_out(sessions: Iterable[str]) -> str:
    return f"Not tied to {', '.join(sessions)}: not in Gleanin yet."
