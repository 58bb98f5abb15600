"""A package without a clock, to find out whether it reads one."""

import datetime as dt
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NoReturn


def _refuse(*_: object, **__: object) -> NoReturn:
    raise AssertionError("The clock was read: take the time from `context.now`")


class _InstanceOfReal(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.__mro__[1])


class _Datetime(dt.datetime, metaclass=_InstanceOfReal):
    now = utcnow = today = _refuse


class _Date(dt.date, metaclass=_InstanceOfReal):
    today = _refuse


_datetime_module = ModuleType("datetime")
_datetime_module.__dict__.update(vars(dt), datetime=_Datetime, date=_Date)
_time_module = ModuleType("time")
_time_module.__dict__.update(vars(time), time=_refuse, time_ns=_refuse, monotonic=_refuse)
_REPLACED: dict[int, Any] = {
    id(dt.datetime): _Datetime,
    id(dt.date): _Date,
    id(dt): _datetime_module,
    id(time): _time_module,
    id(time.time): _refuse,
}


@contextmanager
def without_clock(module: str) -> Iterator[None]:
    """Replace what reads the clock in all modules of a module's package; it raises until the block ends."""
    package = module.rpartition(".")[0] or module
    changed: list[tuple[ModuleType, str, Any]] = []
    for name, loaded in list(sys.modules.items()):
        if name in {package, module} or name.startswith(f"{package}."):
            for attribute, value in list(vars(loaded).items()):
                if id(value) in _REPLACED:
                    changed.append((loaded, attribute, value))
                    setattr(loaded, attribute, _REPLACED[id(value)])
    try:
        yield
    finally:
        for loaded, attribute, value in changed:
            setattr(loaded, attribute, value)
