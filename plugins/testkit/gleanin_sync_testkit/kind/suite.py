"""The suite for kinds of records."""

from gleanin_sync_testkit.kind.fields import KindFields
from gleanin_sync_testkit.kind.histories import KindHistories
from gleanin_sync_testkit.kind.incomplete import KindIncomplete
from gleanin_sync_testkit.kind.losses import KindLosses
from gleanin_sync_testkit.kind.page import KindPage
from gleanin_sync_testkit.kind.people import KindPeople
from gleanin_sync_testkit.kind.readers import KindReaders
from gleanin_sync_testkit.kind.schemas import KindSchemas
from gleanin_sync_testkit.kind.selection import KindSelection
from gleanin_sync_testkit.kind.settings import KindSettings
from gleanin_sync_testkit.kind.sync import KindSync
from gleanin_sync_testkit.kind.time import KindTime
from gleanin_sync_testkit.kind.words import KindWords


class KindSuite(
    KindWords,
    KindSelection,
    KindFields,
    KindIncomplete,
    KindTime,
    KindPeople,
    KindReaders,
    KindSchemas,
    KindPage,
    KindSettings,
    KindSync,
    KindLosses,
    KindHistories,
):
    """What every kind of records must do.

    Subclass it in a test module, in a class whose name begins with `Test`; set `plugin`, `capabilities` and `samples`,
    and write `rows`. A kind whose rows are no dataclasses with an attribute for each field also writes `with_value`.
    """
