"""Reasons for the outcomes of links (rule 38)."""

from core.domain.records.kinds import RecordKind
from core.domain.records.reasons import Reason
from core.domain.systems import ExternalSystem


def first_time(source: ExternalSystem) -> Reason:
    return Reason("link_new", f"Written to {source} for the first time.")


def replaced(source: ExternalSystem) -> Reason:
    return Reason("link_changed", f"Replaced the former link in {source}.")


def as_it_was(source: ExternalSystem) -> Reason:
    return Reason("link_unchanged", f"{source} has this link already.")


def entered_by_somebody(source: ExternalSystem) -> Reason:
    return Reason(
        "link_entered_by_hand",
        f"Somebody else entered a value in {source}, so it was kept.",
        f"To have the link written there, clear the field in {source}.",
    )


def masked(source: ExternalSystem) -> Reason:
    return Reason(
        "link_masked",
        f"{source} hides the field's value from the token, so it was kept.",
        "Use a token that may see personal data, or a field that holds none.",
    )


def goes_as(kind: RecordKind) -> Reason:
    return Reason("link_of_other_kind", f"The field gets this person's link as a {kind.singular}.")


def several_campaigns() -> Reason:
    return Reason(
        "link_campaign_open",
        "There are links of several campaigns.",
        "Choose a campaign in the settings of the mapping.",
    )


def not_there(source: ExternalSystem) -> Reason:
    return Reason("link_holder_gone", f"{source} does not list this record in the event any more.")


def not_read(why: str) -> Reason:
    return Reason("link_not_read", "What the field holds now could not be read.", why)


def changed_meanwhile(source: ExternalSystem) -> Reason:
    return Reason("link_conflict", f"The record was being edited in {source}.", "The next sync tries again.")


def without_version(source: ExternalSystem) -> Reason:
    return Reason(
        "link_unguarded",
        f"{source} does not tell the record's version, so a change in between could be lost.",
        f"Edit the record in {source}, so that it gets one.",
    )


def refused(source: ExternalSystem, why: str) -> Reason:
    return Reason("link_refused", f"{source} refused the link.", why)


def not_kept(source: ExternalSystem) -> Reason:
    return Reason(
        "link_not_kept",
        f"{source} accepted the link, but the field does not have it.",
        f"Check in {source} that the field still exists, is a text field of the event, and is long enough.",
    )


def not_allowed(why: str) -> Reason:
    return Reason("link_forbidden", "The token may not write links.", why)


def quota_used_up(source: ExternalSystem) -> Reason:
    return Reason(
        "link_quota", f"{source}'s limit for writes is used up.", "The next sync goes on from here."
    )


def unreachable(why: str) -> Reason:
    return Reason("link_not_sent", "The link could not be sent.", f"{why} The next sync tries again.")


def answer_lost(source: ExternalSystem) -> Reason:
    return Reason("link_unsure", f"{source}'s answer to the write was lost.", "The next sync looks it up.")
