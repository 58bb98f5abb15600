"""The suite for kinds of records."""

from gleanin_sync_testkit.kind_base import KindCapabilities
from gleanin_sync_testkit.kind_page import KindPage
from gleanin_sync_testkit.kind_people import KindPeople
from gleanin_sync_testkit.kind_readers import KindReaders
from gleanin_sync_testkit.kind_schemas import KindSchemas
from gleanin_sync_testkit.kind_selection import KindSelection
from gleanin_sync_testkit.kind_sync import KindSync
from gleanin_sync_testkit.kind_words import KindWords

__all__ = ["KindCapabilities", "KindSuite"]


class KindSuite(KindWords, KindSelection, KindPeople, KindReaders, KindSchemas, KindPage, KindSync):
    """What every kind of records must do.

    Subclass it in a test module, in a class whose name begins with `Test`; set `plugin`, `capabilities` and `samples`,
    and write `rows`. A kind whose rows are no dataclasses with an attribute for each field also writes `with_value`.
    """
