"""The suite for sources."""

from gleanin_sync_testkit.source.changes import ChangeTests
from gleanin_sync_testkit.source.events import EventTests
from gleanin_sync_testkit.source.faults import FaultTests
from gleanin_sync_testkit.source.links import LinkTests
from gleanin_sync_testkit.source.odd_rows import OddRowTests
from gleanin_sync_testkit.source.packaging import PackagingTests
from gleanin_sync_testkit.source.pages import PageTests
from gleanin_sync_testkit.source.reading_control import ReadingControlTests
from gleanin_sync_testkit.source.requests import RequestTests
from gleanin_sync_testkit.source.rows import RowTests


class SourceSuite(
    EventTests,
    RowTests,
    PageTests,
    LinkTests,
    OddRowTests,
    FaultTests,
    ReadingControlTests,
    RequestTests,
    ChangeTests,
    PackagingTests,
):
    """What every source must do. Subclass it as `Test…`, with `plugin`, `capabilities` and `stand_in`."""
