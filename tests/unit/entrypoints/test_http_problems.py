"""Problem details of errors: every known error has its own, so that none is reported as an internal error."""

from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus

import pytest

from core.domain import errors
from core.domain.errors import DomainError, NotAuthenticated, TooManyAttempts
from core.domain.links import link_fields
from core.domain.runs import stop_reasons
from core.domain.runs.stop_reasons import StopReason
from core.usecases.sync.error_mapping import SyncStopped
from entrypoints.http.problems import STATUS_BY_CODE, STATUS_BY_STOP, problem_of
from ports.cipher import DecryptionFailed
from ports.destination import DestinationError
from ports.link_writer import LinkQuotaUsedUp, LinkWriteForbidden, LinkWriteUnknown
from ports.source import SourceError
from ports.store.errors import DatabaseUnavailable
from tests.support.systems import SESSIONBOARD


def kinds_of(error: type[Exception]) -> Iterator[type[Exception]]:
    for kind in error.__subclasses__():
        yield kind
        yield from kinds_of(kind)


REFUSALS = sorted(
    {each for each in kinds_of(DomainError) if each.__module__ in {errors.__name__, link_fields.__name__}},
    key=str,
)
STOPS = [stop for stop in vars(stop_reasons).values() if isinstance(stop, StopReason)]


@pytest.mark.parametrize("kind", REFUSALS)
def test_every_refusal_has_a_status_of_its_own(kind: type[DomainError]) -> None:
    assert 400 <= STATUS_BY_CODE[kind.code] < 500


def test_no_status_is_of_a_refusal_that_there_is_not() -> None:
    assert STATUS_BY_CODE.keys() == {kind.code for kind in REFUSALS if issubclass(kind, DomainError)}


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.code)
def test_every_stop_is_told_in_its_own_words(stop: StopReason) -> None:
    problem = problem_of(SyncStopped(stop))
    assert problem
    assert (problem.status, problem.code, problem.detail) == (
        STATUS_BY_STOP[stop.by],
        stop.code,
        stop.sentence,
    )


@pytest.mark.parametrize(
    "kind", [SourceError, *kinds_of(SourceError), DestinationError, *kinds_of(DestinationError)]
)
def test_what_the_other_sides_do_is_no_fault_of_this_program(kind: type[Exception]) -> None:
    error = kind.__new__(kind, "It said no.")
    problem = problem_of(error)
    assert problem
    assert problem.status in {422, 502, 503}
    assert (problem.retry_after is not None) == (problem.status == HTTPStatus.SERVICE_UNAVAILABLE)
    assert ("Retry-After" in problem.headers) == (problem.retry_after is not None)


@pytest.mark.parametrize(
    ("error", "status", "code", "retry_after"),
    [
        (LinkWriteForbidden("The token lacks write:contacts."), 422, "scope_missing", None),
        (LinkQuotaUsedUp("The limit is used up."), 503, "quota_used_up", 900),
        (LinkWriteUnknown("The answer was lost."), 503, "answer_lost", 60),
        (link_fields.FieldOrdered("Gleanin Link", SESSIONBOARD), 409, "field_ordered", None),
    ],
)
def test_rule_38_what_hinders_an_order_has_a_status_and_a_code(
    error: Exception, status: int, code: str, retry_after: int | None
) -> None:
    problem = problem_of(error)
    assert problem
    assert (problem.status, problem.code, problem.retry_after) == (status, code, retry_after)
    assert problem.detail == str(error)


def test_rule_02_the_databases_own_words_are_told_to_nobody() -> None:
    problem = problem_of(DatabaseUnavailable("connection to db.internal:5432 failed for user admin"))
    assert problem
    assert problem.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert "internal" not in problem.detail


def test_a_token_that_cannot_be_opened_is_a_conflict_that_an_admin_ends() -> None:
    problem = problem_of(DecryptionFailed("Give the token again."))
    assert problem
    assert (problem.status, problem.detail) == (HTTPStatus.CONFLICT, "Give the token again.")


@pytest.mark.parametrize(("wait", "expected"), [(0.2, "1"), (14.6, "15"), (900, "900")])
def test_somebody_who_tries_too_often_is_told_how_long_to_wait(wait: float, expected: str) -> None:
    problem = problem_of(TooManyAttempts(timedelta(seconds=wait)))
    assert problem
    assert problem.headers == {"Retry-After": expected}


def test_whoever_is_not_signed_in_is_told_how_to_show_a_key() -> None:
    problem = problem_of(NotAuthenticated())
    assert problem
    assert problem.headers == {"WWW-Authenticate": "Bearer"}


def test_anything_else_is_a_fault_of_this_program() -> None:
    assert problem_of(ValueError("a token")) is None
