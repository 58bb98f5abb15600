"""The domain takes the names of the two systems from their adapters (rule 43).

Every public function of the modules with sentences is called with examples of its parameters' types, so that a new
function is tested without being listed here.
"""

import inspect
import itertools
import string
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import ModuleType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain import errors
from core.domain.errors import DomainError
from core.domain.ids import (
    ConnectionId,
    DestinationEventId,
    NotificationId,
    OrganizationId,
    RunId,
    SourceEventId,
    SourceId,
    external_id,
    parse_external_id,
)
from core.domain.links.link_outcomes import LinkCounts, LinkOutcome
from core.domain.notifications import messages as notification_messages
from core.domain.notifications.notification import Notification
from core.domain.records import reasons
from core.domain.records.destination_records import DestinationEvent
from core.domain.records.kinds import KINDS, SESSION, SPEAKER, RecordKind, Scope
from core.domain.records.outcomes import Causes, Counts, Outcome, count
from core.domain.records.reasons import Reason
from core.domain.records.source_records import SourceEvent
from core.domain.records.synced_records import SentRecords
from core.domain.runs import health, messages, stop_reasons
from core.domain.runs.health import Health
from core.domain.runs.health_change import HealthChange
from core.domain.runs.messages import Remarks
from core.domain.runs.run import SyncRun
from core.domain.runs.schedule import Halt, Schedule
from core.domain.runs.stop_reasons import StopReason
from core.domain.systems import ExternalSystem, Systems
from core.domain.tenancy import time_zones
from core.domain.tenancy.event_mappings import EventMapping, EventPair
from core.domain.tenancy.organizations import Organization
from core.domain.tenancy.secrets import SealedToken
from tests.support.store_samples import MAPPING, a_run
from tests.support.systems import GLEANIN, SESSIONBOARD

PRETALX, ELSEWHERE = ExternalSystem("pretalx", "pretalx"), ExternalSystem("elsewhere", "Elsewhere")
SYSTEMS = Systems(PRETALX, ELSEWHERE)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ORGANIZATION = Organization(
    OrganizationId("org1"), "Python Events", PRETALX, "https://pretalx.example.org", SealedToken("sealed")
)
SOURCE_ID, DESTINATION_ID = SourceEventId("s1"), DestinationEventId("e1")
PAIR = EventPair(ORGANIZATION.source_url, SOURCE_ID, DESTINATION_ID)
CONNECTION = ConnectionId("con1")
UNREAD = EventMapping(MAPPING, ORGANIZATION.id, CONNECTION, PAIR, SYSTEMS, "PyConf", "PyConf there", NOW)
MISMATCHED = replace(
    UNREAD, time_zone="Europe/Paris", destination_time_zone="Asia/Tokyo", continuous_sync=True
)
HALTS = [Halt(system, NOW) for system in (PRETALX.display_name, ELSEWHERE.display_name, "")]
SCHEDULES = [
    Schedule(MAPPING, NOW),
    Schedule(MAPPING, NOW, failures=1, failing_since=NOW),
    *(Schedule(MAPPING, NOW, halt=halt) for halt in HALTS),
]
ALL_BLOCKED = count((kind, Outcome.BLOCKED) for kind in KINDS)
RUNNING = a_run().start("here", NOW, HOUR)

EXAMPLES: dict[object, Iterable[object]] = {
    str: ["a text"],
    bool: [False, True],
    int: [1, 2],
    datetime: [NOW],
    timedelta: [HOUR],
    type(None): [None],
    errors.T: ["a value"],
    ZoneInfo: [ZoneInfo("Europe/Paris"), ZoneInfo("Asia/Tokyo")],
    ExternalSystem: [PRETALX, ELSEWHERE],
    Systems: [SYSTEMS],
    RecordKind: KINDS,
    Scope: KINDS.scopes,
    Counts: [Counts(), ALL_BLOCKED],
    LinkCounts: [LinkCounts(), LinkCounts(dict.fromkeys(LinkOutcome, 1))],
    BaseException: [ValueError("a text")],
    Sequence[str]: [("sessions", "speakers")],
    Causes: [{}, {(SESSION, reasons.ENDED_CONNECTION): 1, (SPEAKER, "missing_fields"): 2}],
    Remarks: [Remarks(("a remark.",), ("A note.",))],
    SourceEvent: [SourceEvent(SOURCE_ID, "PyConf", zone) for zone in ("Europe/Paris", "Mars/Base", None)],
    DestinationEvent: [
        DestinationEvent(DESTINATION_ID, "PyConf", zone)
        for zone in ("Europe/Paris", "Asia/Tokyo", "Mars/Base", None)
    ],
    EventMapping: [UNREAD, MISMATCHED],
    Organization: [ORGANIZATION],
    Halt: HALTS,
    Schedule: SCHEDULES,
    Health: [Health(), health.halted(HALTS[0])],
    HealthChange: HealthChange,
    Notification: [
        Notification(
            NotificationId("n1"), ORGANIZATION.id, MAPPING, RunId("run1"), NOW, change, f"It is {change}."
        )
        for change in HealthChange
    ],
    Iterable[str]: [["first_name"], ["first_name", "last_name"]],
    Iterable[tuple[str, str]]: [[("starts_at", "noon")]],
    Iterable[datetime]: [[], [NOW]],
    AbstractSet[datetime]: [frozenset(), frozenset({NOW})],
    Iterable[SentRecords]: [[], [SentRecords(DESTINATION_ID, CONNECTION, kind, 2) for kind in KINDS]],
    Sequence[tuple[RecordKind, int, int]]: [[(SESSION, 1, 1)], [(SESSION, 3, 9), (SPEAKER, 4, 4)]],
    Iterable[EventMapping]: [[UNREAD], [MISMATCHED]],
    Iterable[tuple[OrganizationId, Schedule]]: [[(ORGANIZATION.id, schedule)] for schedule in SCHEDULES],
    Iterable[Health]: [[], [health.halted(halt) for halt in HALTS]],
    # By the parameter's name, where the type does not suffice:
    ("source", ExternalSystem): [PRETALX],
    ("destination", ExternalSystem): [ELSEWHERE],
    ("ours", str | None): ["Europe/Paris"],
    ("theirs", str | None): ["Asia/Tokyo"],
}


def public_functions(module: ModuleType) -> Iterator[Callable[..., object]]:
    """Yield the functions and the domain errors that a module defines."""
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", "") != module.__name__:
            continue
        if inspect.isclass(value):
            if issubclass(value, DomainError) and value is not DomainError:
                yield value
        elif inspect.isfunction(inspect.unwrap(value)):
            yield value


def constants(module: ModuleType) -> Iterator[object]:
    """Yield a module's constants that are or contain sentences."""
    for name, value in vars(module).items():
        if not name.startswith("__") and isinstance(value, str | Reason | StopReason):
            yield value


def types_of_parameters(function: Callable[..., object]) -> Mapping[str, Any]:
    annotated = function.__init__ if inspect.isclass(function) else inspect.unwrap(function)
    hints = get_type_hints(annotated)
    return {name: hints[name] for name in inspect.signature(function).parameters}


def examples_of(name: str, hint: Any) -> Iterator[object]:
    """Yield arguments for a parameter."""
    if (found := EXAMPLES.get((name, hint), EXAMPLES.get(hint))) is not None:
        yield from found
    elif get_origin(hint) in {Union, UnionType}:
        for member in get_args(hint):
            yield from examples_of(name, member)
    elif supertype := getattr(hint, "__supertype__", None):
        yield from examples_of(name, supertype)
    else:
        pytest.fail(f"EXAMPLES has none of {hint}, the type of the parameter {name}")


def results(function: Callable[..., object]) -> Iterator[object]:
    """Yield what a function returns or raises for every combination of examples."""
    types = types_of_parameters(function)
    for arguments in itertools.product(*(examples_of(name, hint) for name, hint in types.items())):
        try:
            yield function(**dict(zip(types, arguments, strict=True)))
        except DomainError as error:
            yield error


def text_of(result: object) -> str:
    """Return everything that a result says, including what it says in properties."""
    properties = inspect.getmembers_static(type(result), lambda member: isinstance(member, property))
    return " ".join([repr(result), *(repr(getattr(result, name)) for name, _ in properties)])


STOPS = [
    *(stop for stop in constants(stop_reasons) if isinstance(stop, StopReason)),
    *(
        result
        for function in public_functions(stop_reasons)
        for result in results(function)
        if isinstance(result, StopReason)
    ),
]
ENDED = [
    *(RUNNING.finished(counts, NOW, SYSTEMS) for counts in (Counts(), ALL_BLOCKED)),
    *(RUNNING.stopped(stop, NOW, Counts(), SYSTEMS) for stop in STOPS),
]
EXAMPLES |= {StopReason: STOPS, SyncRun: ENDED, Iterable[SyncRun]: [[], *([run] for run in ENDED)]}
MODULES = (reasons, stop_reasons, messages, health, notification_messages, errors, time_zones)
FUNCTIONS = [
    RUNNING.finished,
    RUNNING.stopped,
    *(function for module in MODULES for function in public_functions(module)),
]
NAMES = [SESSIONBOARD.display_name, GLEANIN.display_name]


@pytest.mark.parametrize(
    "function", FUNCTIONS, ids=lambda function: f"{function.__module__}.{function.__name__}"
)
def test_rule_43_no_sentence_names_another_system(function: Callable[..., object]) -> None:
    texts = [text_of(result) for result in results(function)]
    assert texts
    assert not [text for text in texts if any(name in text for name in NAMES)]
    if {Systems, ExternalSystem} & set(types_of_parameters(function).values()):
        assert any(str(system) in text for text in texts for system in (PRETALX, ELSEWHERE)), "it names ours"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_rule_43_no_constant_names_a_system(module: ModuleType) -> None:
    texts = [repr(constant) for constant in constants(module)]
    assert not [text for text in texts if any(name in text for name in NAMES)]


@given(st.text(string.ascii_lowercase + string.digits, min_size=1), st.text(min_size=1))
def test_rule_43_an_external_id_begins_with_the_identifier_of_the_source(
    connection: str, source: str
) -> None:
    built = external_id(PRETALX, ConnectionId(connection), SourceId(source))
    assert built.startswith("pretalx:")
    assert parse_external_id(PRETALX, built) == (connection, source)
    assert parse_external_id(SESSIONBOARD, built) is None, "it is a record of another source"
