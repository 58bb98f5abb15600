"""What can go wrong, by table: the exit code, the code for machines, and the sentence for people.

Exit codes
├── 0    done
├── 1    a fault of ours: the program, its database, or a run that was interrupted
├── 2    wrong usage, and settings that cannot be read
├── 3    refused by a rule
├── 4    finished with problems
├── 5    the other side is unreachable or refused us
├── 130  interrupted from the keyboard
└── 141  whoever was reading stdout has closed it
"""

from dataclasses import dataclass
from enum import IntEnum

from core.domain.errors import DomainError, NotFound
from core.domain.runs.stop_reasons import StopCause, StopReason
from core.usecases.sync.error_mapping import SyncStopped
from ports.cipher import DecryptionFailed, KeysUnusable
from ports.destination import DestinationError
from ports.notifications import NotDelivered
from ports.source import SourceError
from ports.store.errors import DatabaseUnavailable


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
    StopCause.RULE: ExitCode.REFUSED,
    StopCause.OTHER_SIDE: ExitCode.OTHER_SIDE,
    StopCause.INTERRUPTION: ExitCode.FAULT,
}
BY_ERROR: tuple[tuple[type[Exception], ExitCode, str], ...] = (
    (DecryptionFailed, ExitCode.REFUSED, "cannot_unseal"),
    (KeysUnusable, ExitCode.USAGE, "keys_unusable"),
    (DatabaseUnavailable, ExitCode.FAULT, "store_unusable"),
    (BadSettings, ExitCode.USAGE, "settings"),
    (Interrupted, ExitCode.INTERRUPTED, "interrupted"),
)
UNFORESEEN = "fault"
HINTS = {
    "not_connected": "To connect: gleanin-sync connect ORG",
    "time_zone_unconfirmed": "To confirm it, add --confirm-time-zone.",
    "not_confirmed": "To confirm it, add --yes.",
    "already_connected": "To replace the token: gleanin-sync token ORG gleanin",
    "token_refused": "Where it was renewed: gleanin-sync token ORG sessionboard|gleanin",
    "masked_emails": "To replace the token: gleanin-sync token ORG sessionboard",
}
WHERE_TO_LOOK = {
    "organization": "The ones there are: gleanin-sync organization list",
    "mapping": "The ones there are: gleanin-sync mappings ORG",
    "run": "The ones there are: gleanin-sync runs MAPPING",
    "account": "The ones there are: gleanin-sync user list",
    "API key": "The ones there are: gleanin-sync key list",
    "Sessionboard event": "The ones there are: gleanin-sync events ORG",
    "Gleanin event": "The ones there are: gleanin-sync events ORG",
}


def failure_of(error: BaseException) -> Failure:
    """Say what an error is to the person at the terminal."""
    match error:
        case DomainError():
            return Failure(ExitCode.REFUSED, error.code, str(error), _hint(error))
        case SyncStopped():
            return failure_of_stop(error.stop)
        case SourceError() | DestinationError() | NotDelivered():
            return Failure(ExitCode.OTHER_SIDE, error.code, str(error), HINTS.get(error.code, ""))
    for kind, exit_code, code in BY_ERROR:
        if isinstance(error, kind):
            return Failure(exit_code, code, str(error))
    # Its own text may hold a row, with a person's name and address: not even the log has it.
    message = f"A fault of this program: {type(error).__name__}."
    return Failure(ExitCode.FAULT, UNFORESEEN, message, "The log, on stderr, tells where.")


def _hint(refusal: DomainError) -> str:
    if isinstance(refusal, NotFound):
        return WHERE_TO_LOOK.get(refusal.what, "")
    return HINTS.get(refusal.code, "")


def failure_of_stop(stop: StopReason) -> Failure:
    return Failure(BY_STOP[stop.by], stop.code, stop.sentence, HINTS.get(stop.code, ""))
