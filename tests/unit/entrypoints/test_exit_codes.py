"""Exit codes and messages of errors."""

import pytest

from core.domain.errors import (
    AlreadyMapped,
    DomainError,
    InvalidInput,
    NotConfirmed,
    NotConnected,
    NotFound,
    TimeZoneUnconfirmed,
)
from core.domain.runs import stop_reasons
from core.domain.runs.stop_reasons import StopReason
from core.usecases.sync.error_mapping import SyncStopped
from entrypoints.cli.errors import BadSettings, ExitCode, Interrupted, failure_of, failure_of_stop
from ports.cipher import DecryptionFailed, KeysUnusable
from ports.destination import (
    DestinationEventGone,
    DestinationRefused,
    DestinationUnavailable,
    DestinationUnreadable,
    WriteOutcomeUnknown,
)
from ports.source import (
    SourceEventGone,
    SourceEventRefused,
    SourceRefused,
    SourceUnavailable,
    SourceUnreadable,
)
from ports.store.errors import DatabaseUnavailable, PersistenceError
from tests.support.systems import GLEANIN, SESSIONBOARD, SYSTEMS


def test_the_exit_codes_are_those_that_scripts_know() -> None:
    assert [int(code) for code in ExitCode] == [0, 1, 2, 3, 4, 5, 130]


@pytest.mark.parametrize(
    "refusal",
    [
        NotFound("mapping", "x"),
        NotConnected("ACME"),
        AlreadyMapped(GLEANIN, "8"),
        TimeZoneUnconfirmed("Europe/Paris", "GMT+01:00", SYSTEMS),
        NotConfirmed("ACME"),
        InvalidInput("The token is empty."),
    ],
)
def test_what_a_rule_refuses_ends_with_3_and_the_rule_s_own_words(refusal: DomainError) -> None:
    failure = failure_of(refusal)
    assert (failure.exit_code, failure.code, failure.message) == (3, refusal.code, str(refusal))


@pytest.mark.parametrize(
    ("error", "exit_code", "code"),
    [
        (SourceRefused("no"), 5, "token_refused"),
        (DestinationRefused("no"), 5, "token_refused"),
        (SourceUnavailable("no"), 5, "unreachable"),
        (DestinationUnavailable("no"), 5, "unreachable"),
        (SourceEventGone("no"), 5, "event_gone"),
        (SourceEventRefused("no"), 5, "event_refused"),
        (DestinationEventGone("no"), 5, "event_gone"),
        (SourceUnreadable("no"), 5, "unreadable"),
        (DestinationUnreadable("no"), 5, "unreadable"),
        (WriteOutcomeUnknown("no"), 5, "answer_lost"),
        (DecryptionFailed("no"), 3, "cannot_unseal"),
        (KeysUnusable("no"), 2, "keys_unusable"),
        (DatabaseUnavailable("no"), 1, "store_unusable"),
        (BadSettings("no"), 2, "settings"),
        (Interrupted("no"), 130, "interrupted"),
    ],
)
def test_each_other_error_has_its_exit_code(error: Exception, exit_code: int, code: str) -> None:
    failure = failure_of(error)
    assert (failure.exit_code, failure.code, failure.message) == (exit_code, code, "no")


@pytest.mark.parametrize(
    ("stop", "exit_code"),
    [
        (stop_reasons.masked_emails("j***@a***.com", SESSIONBOARD), 3),
        (stop_reasons.DISCONNECTED, 3),
        (stop_reasons.token_refused(GLEANIN, "no"), 5),
        (stop_reasons.event_gone(GLEANIN, "DevDays"), 5),
        (stop_reasons.event_refused(SESSIONBOARD, "DevDays", "no"), 5),
        (stop_reasons.INTERRUPTED, 1),
        (stop_reasons.INTERNAL_ERROR, 1),
    ],
)
def test_a_stopped_sync_ends_by_who_stopped_it(stop: StopReason, exit_code: int) -> None:
    assert failure_of_stop(stop).exit_code == exit_code
    assert failure_of(SyncStopped(stop)) == failure_of_stop(stop)


@pytest.mark.parametrize("error", [KeyError("grace@example.org"), PersistenceError("grace@example.org")])
def test_a_fault_of_ours_ends_with_1_and_shows_no_data(error: Exception) -> None:
    failure = failure_of(error)
    assert (failure.exit_code, failure.code) == (1, "fault")
    assert type(error).__name__ in failure.message
    assert "grace" not in failure.message + failure.hint


def test_where_a_flag_would_help_the_hint_names_it() -> None:
    assert "--yes" in failure_of(NotConfirmed("ACME")).hint
    assert "--confirm-time-zone" in failure_of(TimeZoneUnconfirmed("Europe/Paris", "GMT+01:00", SYSTEMS)).hint
