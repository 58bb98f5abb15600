"""Names are the field's standard terms, docstrings begin with a standard verb, and one name means one thing."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TREES = ("src", "tests", "bench")
FIRST_WORDS = re.compile(r"(Give|Tell|Let|See that|Know|Take)s?\b")
"""How docstrings must not begin: `Return`, `Report`, `Allow`, `Check`, `Accept` say the same in standard terms."""
STANDARD_TERMS = {
    "Refusal": "DomainError",
    "BadInput": "InvalidInput",
    "NotSignedIn": "NotAuthenticated",
    "WrongCredentials": "InvalidCredentials",
    "AddressExpired": "LinkExpired",
    "TooBusy": "Overloaded",
    "OtherAccount": "DifferentAccount",
    "check_asked": "validate_id",
    "sides": "systems",
    "open_sides": "open_systems",
    "BothSides": "SystemsSnapshot",
    "GleaninSide": "DestinationIndex",
    "GleaninEvent": "DestinationEvent",
    "GleaninRecord": "DestinationRecord",
    "GleaninId": "DestinationId",
    "GleaninEventId": "DestinationEventId",
    "SessionboardEventId": "SourceEventId",
    "SessionSource": "Source",
    "Programme": "SourceSnapshot",
    "Part": "Selector",
    "noting": "with_note",
    "waited_in_vain": "dependency_failed",
    "same_mailbox": "normalize_email",
    "Stop": "StopReason",
    "next_in_turn": "select_next",
    "place_of": "queue_position",
    "Checkpoint": "UnchangedMarker",
    "Proofs": "ChangeDetection",
    "rounds": "write_queue",
    "Round": "WriteBatch",
    "recall": "load",
    "Remembered": "KnownRecords",
    "Place": "SyncedRecordRef",
    "stopping": "stop_on_error",
    "Journal": "OutcomeRecorder, RunProgress",
    "journal": "outcome_recorder, run_progress",
    "Standing": "LeaseStatus",
    "take_mark_back": "unmark_written",
    "admit": "authorize",
    "AdmitToOrganization": "AuthorizeOrganization",
    "AdmitToMapping": "AuthorizeMapping",
    "AdmitToRun": "AuthorizeRun",
    "look_up": "queries",
    "TellHistory": "GetRecordHistory",
    "PageOutcomes": "ListOutcomes",
    "MakeApiKey": "CreateApiKey",
    "WhoseApiKey": "AuthenticateApiKey",
    "GiveRole": "GrantRole",
    "TakeRole": "RevokeRole",
    "WhoIsSignedIn": "AuthenticateSession",
    "SignInElsewhere": "SignInWithIdentityProvider",
    "OfferSignIn": "CreateSignInLink",
    "TakeSignIn": "RedeemSignInLink",
    "TakeOver": "RecoverAbandonedRun",
    "RequestAgain": "RequeueInterruptedRun",
    "RequestDueSyncs": "EnqueueDueRuns",
    "ChooseRuns": "SelectNextRuns",
    "ForgetOld": "ApplyRetention",
    "TakeHint": "HandleChangeHint",
    "ShowEvent": "GetEvent",
    "show_event": "get_event",
    "show_health": "get_health",
    "NoteServedUrl": "SaveServedUrl",
    "Notice": "Notification",
    "telling": "messages",
    "Right": "Permission",
    "SignIn": "LoginSession",
    "Unit": "UnitOfWork",
    "Units": "UnitOfWorkFactory",
    "Taken": "UniqueViolation",
    "Unique": "UniqueConstraint",
    "StoreUnusable": "DatabaseUnavailable",
    "Names": "IdGenerator",
    "Links": "PublicUrls",
    "note_booking": "save_idempotency_key",
    "booked_by": "find_by_idempotency_key",
    "open_one": "get_open",
    "open_ones": "list_open",
    "AnswerLost": "WriteOutcomeUnknown",
    "RecordsNotTold": "RecordsNotReported",
    "KindUnknown": "UnsupportedKind",
    "NotSigned": "BadSignature",
    "CannotUnseal": "DecryptionFailed",
    "Patience": "RetryPolicy",
    "Perseverance": "RetryState",
    "persist": "send_with_retries",
    "Faltered": "TransientError",
    "longest_breath": "max_pause",
    "careful_client": "hardened_client",
    "inflating": "gzip",
    "exposition": "prometheus",
    "CountedEvents": "MetricsEventLog",
    "complaints": "error_details",
    "forms_of_values": "value_types",
    "Garbled": "UnreadableResponse",
    "dates": "date_shift",
    "PatientManager": "ReconnectingManager",
    "told_as_events": "bridge_logs",
    "removal": "delete_organization",
    "Kept": "InMemoryStore",
    "KeptEvents": "RecordedEvents",
    "asking": "dependencies",
    "asked": "dependencies",
    "heads": "head_requests",
    "guards": "limits",
    "hosts": "known_hosts",
    "hooks": "webhooks",
    "readings": "single_flight",
    "Readings": "SingleFlight",
    "Followers": "RunWatchers",
    "operations": "health",
    "bodies": "schemas",
    "Given": "ResponseModel",
    "Word": "Name",
    "Sought": "SearchText",
    "Flag": "StrictBool",
    "upkeep": "maintenance",
    "trouble": "fault_injection",
    "Fate": "FaultDecision",
    "world": "state",
    "world_of": "state_of",
    "remote": "control_client",
    "stage": "harness",
    "scene": "scenario",
    "furnishing": "http_fixtures",
    "yard": "jobs_harness",
    "crew": "workers",
    "witness": "observer",
    "power": "kill_switch",
    "doors": "access_harness",
    "fuse": "kill_points",
    "victim": "killed_process",
    "racer": "concurrent_writer",
}
"""Names that only this project knew, and the terms that everybody knows."""


def _modules(*trees: str) -> Iterator[tuple[Path, ast.Module]]:
    for tree in trees:
        for path in sorted((ROOT / tree).rglob("*.py")):
            yield path.relative_to(ROOT), ast.parse(path.read_text())


def _public_classes() -> dict[str, list[str]]:
    places = defaultdict(list)
    for path, module in _modules("src"):
        for node in module.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(str(path))
    return places


def names_in(path: Path, module: ast.Module) -> Iterator[str]:
    """Yield the names of a module, and of the classes and functions that it defines."""
    yield path.stem
    for node in module.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def docstrings_in(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


@pytest.mark.parametrize("tree", TREES)
def test_names_are_standard_terms(tree: str) -> None:
    wrong = {
        f"{path}: {name} is called {STANDARD_TERMS[name]}"
        for path, module in _modules(tree)
        for name in names_in(path, module)
        if name in STANDARD_TERMS
    }
    assert not wrong


@pytest.mark.parametrize("tree", TREES)
def test_docstrings_begin_with_a_standard_verb(tree: str) -> None:
    wrong = [
        f"{path}: {text.splitlines()[0]}"
        for path, module in _modules(tree)
        for text in docstrings_in(module)
        if FIRST_WORDS.match(text)
    ]
    assert not wrong


def test_no_two_public_classes_have_one_name() -> None:
    assert not {name: places for name, places in _public_classes().items() if len(places) > 1}


def test_the_checks_find_what_they_look_for() -> None:
    module = ast.parse('class Standing:\n    """Give nothing."""\n\n\nasync def recall(): ...\n')
    assert {*names_in(Path("src/rounds.py"), module)} == {"rounds", "Standing", "recall"}
    assert [*filter(FIRST_WORDS.match, docstrings_in(module))] == ["Give nothing."]
    assert len(_public_classes()) > 300
