"""The actor of a use case has its own type and no default."""

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from importlib import import_module
from typing import Any

import pytest

import core.usecases
from core.domain.access.authorization import Actor

ACTORS = {"actor"}


def _classes() -> Iterator[type]:
    """List the classes that the modules of core.usecases define."""
    for module in pkgutil.walk_packages(core.usecases.__path__, "core.usecases."):
        for _, each in inspect.getmembers(import_module(module.name), inspect.isclass):
            if each.__module__ == module.name:
                yield each


def _actor(function: Callable[..., Any]) -> list[inspect.Parameter]:
    return [each for name, each in inspect.signature(function).parameters.items() if name in ACTORS]


def _functions(each: type) -> Iterator[Callable[..., Any]]:
    """List what makes a command and what calls a use case."""
    if is_dataclass(each):
        yield each
    if "__call__" in vars(each):
        yield vars(each)["__call__"]


PARAMETERS = [
    pytest.param(parameter, id=f"{cls.__module__.removeprefix('core.usecases.')}.{cls.__name__}")
    for cls in _classes()
    for function in _functions(cls)
    for parameter in _actor(function)
]


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_actor_has_its_type_and_no_default(parameter: inspect.Parameter) -> None:
    assert parameter.default is inspect.Parameter.empty
    assert parameter.annotation in {Actor, Actor | None}


def test_actors_of_use_cases_and_commands_are_found() -> None:
    names = {parameter.id for parameter in PARAMETERS}
    assert {
        "organizations.connect.Connect",
        "runs.request_sync.SyncRequest",
        "access.create_portal_link.CreatePortalLink",
    } <= names
    assert len(PARAMETERS) >= 24
