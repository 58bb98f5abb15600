"""Errors by table: the exit code, the code for machines, and the message for people.

Exit codes
├── 0    done
├── 1    internal error: the program, its database, or a run that was interrupted
├── 2    wrong usage, or invalid settings
├── 3    refused by a rule
├── 4    finished with problems
├── 5    the source or the destination is unreachable or refused the request
├── 130  interrupted from the keyboard
└── 141  the reader of stdout has closed it
"""

from dataclasses import dataclass
from enum import IntEnum

from core.domain.errors import DomainError, NotFound
from core.domain.runs.stop_reasons import StopCause, StopReason
from core.usecases.sync.error_mapping import SyncStopped
from entrypoints.plugins import PluginGroup, installed_plugins
from ports.cipher import DecryptionFailed, KeysUnusable
from ports.destination import DestinationError
from ports.notifications import NotDelivered
from ports.source import SourceError
from ports.store.errors import DatabaseUnavailable


class ExitCode(IntEnum):
    DONE = 0
    INTERNAL_ERROR = 1
    USAGE = 2
    REFUSED = 3
    PROBLEMS = 4
    EXTERNAL_SYSTEM = 5
    INTERRUPTED = 130
    """128 plus the number of SIGINT, as in shells."""


@dataclass(frozen=True, slots=True)
class Failure:
    exit_code: ExitCode
    code: str
    message: str
    hint: str = ""
    """The command to type next; the message itself is also used outside the terminal."""


class BadSettings(Exception):
    """Settings are invalid. The message names the variables but not their values, which may be secret."""


class Interrupted(Exception):
    """The command was interrupted. The message says how to continue."""


EXIT_CODE_BY_STOP_CAUSE = {
    StopCause.RULE: ExitCode.REFUSED,
    StopCause.EXTERNAL_SYSTEM: ExitCode.EXTERNAL_SYSTEM,
    StopCause.INTERRUPTION: ExitCode.INTERNAL_ERROR,
}
EXIT_CODE_BY_ERROR: tuple[tuple[type[Exception], ExitCode, str], ...] = (
    (DecryptionFailed, ExitCode.REFUSED, "cannot_unseal"),
    (KeysUnusable, ExitCode.USAGE, "keys_unusable"),
    (DatabaseUnavailable, ExitCode.INTERNAL_ERROR, "store_unusable"),
    (BadSettings, ExitCode.USAGE, "settings"),
    (Interrupted, ExitCode.INTERRUPTED, "interrupted"),
)
INTERNAL_ERROR = "fault"
HINTS = {
    "not_connected": "To connect: gleanin-sync connect ORG",
    "time_zone_unconfirmed": "To confirm it, add --confirm-time-zone.",
    "not_confirmed": "To confirm it, add --yes.",
    "already_connected": "To replace the token: gleanin-sync token ORG {destination}",
    "token_refused": "To replace the token: gleanin-sync token ORG {source}|{destination}",
    "scope_missing": "To use another token: gleanin-sync token ORG {source}",
    "write_back_off": "To list the fields: gleanin-sync link-fields MAPPING",
    "field_ordered": "To list the fields: gleanin-sync link-fields MAPPING",
    "masked_emails": "To replace the token: gleanin-sync token ORG {source}",
}
LIST_HINTS = {
    "organization": "To list them: gleanin-sync organization list",
    "mapping": "To list them: gleanin-sync mappings ORG",
    "run": "To list them: gleanin-sync runs MAPPING",
    "account": "To list them: gleanin-sync user list",
    "API key": "To list them: gleanin-sync key list",
}
LIST_EVENTS_HINT = "To list them: gleanin-sync events ORG"
"""For "Sessionboard event" and the like: the events of any system."""


def failure_of(error: BaseException) -> Failure:
    """Return the failure to show for an error."""
    match error:
        case DomainError():
            return Failure(ExitCode.REFUSED, error.code, str(error), _hint(error))
        case SyncStopped():
            return failure_of_stop(error.stop)
        case SourceError() | DestinationError() | NotDelivered():
            return Failure(ExitCode.EXTERNAL_SYSTEM, error.code, str(error), _hint_for(error.code))
    for kind, exit_code, code in EXIT_CODE_BY_ERROR:
        if isinstance(error, kind):
            return Failure(exit_code, code, str(error))
    # The error's text may contain a row with a person's name and e-mail, so it is not even logged.
    message = f"Internal error: {type(error).__name__}."
    return Failure(ExitCode.INTERNAL_ERROR, INTERNAL_ERROR, message, "See the log on stderr for details.")


def _hint(error: DomainError) -> str:
    if isinstance(error, NotFound):
        return LIST_HINTS.get(error.what, LIST_EVENTS_HINT if error.what.endswith(" event") else "")
    return _hint_for(error.code)


def _hint_for(code: str) -> str:
    return with_systems(HINTS.get(code, ""))


def with_systems(hint: str) -> str:
    """Return a hint for any organization; it names a source or a destination only if there is no other."""
    sources, destinations = (
        installed_plugins().installed[group] for group in (PluginGroup.SOURCES, PluginGroup.DESTINATIONS)
    )
    return hint.format(
        source=next(iter(sources)) if len(sources) == 1 else "SOURCE",
        destination=next(iter(destinations)) if len(destinations) == 1 else "DESTINATION",
    )


def failure_of_stop(stop: StopReason) -> Failure:
    return Failure(EXIT_CODE_BY_STOP_CAUSE[stop.by], stop.code, stop.sentence, _hint_for(stop.code))
