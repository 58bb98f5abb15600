"""What goes wrong in the code of a kind of records, wherever that comes from.

KindFailed       concerns all records of the run
└── RowFailed    concerns one row
"""

from core.domain.records.kinds import RecordKind


class KindFailed(Exception):
    """The code of a kind failed; the text is a sentence for people that names what brings the kind."""

    def __init__(self, kind: RecordKind, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


class RowFailed(KindFailed):
    """A row could not be added; the selection reports it as unreadable."""
