"""The suite for kinds of records: subclass it, and say what your plug-in has."""

from gleanin_sync_testkit.kind.capabilities import KindCapabilities
from gleanin_sync_testkit.kind.suite import KindSuite

__all__ = ["KindCapabilities", "KindSuite"]
