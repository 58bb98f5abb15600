"""All that is required of a destination."""

from gleanin_sync_testkit.destination.creates import CreateTests
from gleanin_sync_testkit.destination.events import EventTests
from gleanin_sync_testkit.destination.fence import FenceTests
from gleanin_sync_testkit.destination.histories import HistoryTests
from gleanin_sync_testkit.destination.links import LinkTests
from gleanin_sync_testkit.destination.lost_answers import LostAnswerTests
from gleanin_sync_testkit.destination.packaging import PackagingTests
from gleanin_sync_testkit.destination.reading import ReadingTests
from gleanin_sync_testkit.destination.rejections import RejectionTests
from gleanin_sync_testkit.destination.syncs import SyncTests
from gleanin_sync_testkit.destination.updates import UpdateTests


class DestinationSuite(
    PackagingTests,
    EventTests,
    CreateTests,
    UpdateTests,
    RejectionTests,
    LostAnswerTests,
    FenceTests,
    ReadingTests,
    LinkTests,
    SyncTests,
    HistoryTests,
):
    """Subclass it with `plugin`, `stand_in()` and `capabilities`."""
