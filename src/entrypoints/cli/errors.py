"""What can go wrong, by table: the exit code, the code for machines, and the sentence for people.

Exit codes
├── 0    done
├── 1    a fault of ours: the program, its database, or a run that was interrupted
├── 2    wrong usage, and settings that cannot be read
├── 3    refused by a rule
├── 4    finished with problems
├── 5    the other side is unreachable or refused us
└── 130  interrupted from the keyboard
"""

from dataclasses import dataclass
from enum import IntEnum

from core.domain.refusals import Refusal
from core.domain.stops import Stop, StoppedBy
from core.usecases.sync.failures import SyncStopped
from ports.cipher import CannotUnseal
from ports.destination import (
    DestinationError,
    DestinationEventGone,
    DestinationRefused,
    DestinationUnavailable,
)
from ports.persistence import StoreUnusable
from ports.session_source import SourceError, SourceEventGone, SourceRefused, SourceUnavailable


class ExitCode(IntEnum):
    DONE = 0
    FAULT = 1
    USAGE = 2
    REFUSED = 3
    PROBLEMS = 4
    OTHER_SIDE = 5
    INTERRUPTED = 130
    """128 and the number of SIGINT, as shells have it."""


@dataclass(frozen=True, slots=True)
class Failure:
    exit_code: ExitCode
    code: str
    message: str
    hint: str = ""
    """What to type, where the sentence cannot know that it is shown in a terminal."""


class BadSettings(Exception):
    """Its text names the variables, and not their values: one of them may be a key."""


class Interrupted(Exception):
    """Its text says how to go on."""


BY_STOP = {
    StoppedBy.RULE: ExitCode.REFUSED,
    StoppedBy.OTHER_SIDE: ExitCode.OTHER_SIDE,
    StoppedBy.INTERRUPTION: ExitCode.FAULT,
}
# The first that fits counts.
BY_ERROR: tuple[tuple[type[Exception] | tuple[type[Exception], ...], ExitCode, str], ...] = (
    (CannotUnseal, ExitCode.REFUSED, "cannot_unseal"),
    (StoreUnusable, ExitCode.FAULT, "store_unusable"),
    ((SourceRefused, DestinationRefused), ExitCode.OTHER_SIDE, "token_refused"),
    ((SourceUnavailable, DestinationUnavailable), ExitCode.OTHER_SIDE, "unreachable"),
    ((SourceEventGone, DestinationEventGone), ExitCode.OTHER_SIDE, "event_gone"),
    ((SourceError, DestinationError), ExitCode.OTHER_SIDE, "unreadable"),
    (BadSettings, ExitCode.USAGE, "settings"),
    (Interrupted, ExitCode.INTERRUPTED, "interrupted"),
)
HINTS = {
    "not_connected": "To connect: gleanin-sync connect ORG",
    "time_zone_unconfirmed": "To confirm it, add --confirm-time-zone.",
    "not_confirmed": "To confirm it, add --yes.",
}


def failure_of(error: BaseException) -> Failure:
    """Say what an error is to the person at the terminal."""
    match error:
        case Refusal():
            return Failure(ExitCode.REFUSED, error.code, str(error), HINTS.get(error.code, ""))
        case SyncStopped():
            return failure_of_stop(error.stop)
    for kind, exit_code, code in BY_ERROR:
        if isinstance(error, kind):
            return Failure(exit_code, code, str(error))
    # Its own text may hold a row, with a person's name and address: only the log has it.
    return Failure(
        ExitCode.FAULT,
        "fault",
        f"A fault of this program: {type(error).__name__}.",
        "To see where, run it again with GLEANIN_SYNC_LOG_LEVEL=debug.",
    )


def failure_of_stop(stop: Stop) -> Failure:
    return Failure(BY_STOP[stop.by], stop.code, stop.sentence)
