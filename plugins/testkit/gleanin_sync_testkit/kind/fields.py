"""What a suite requires of the fields of a record: the required ones, the optional ones, and their texts (rule 18)."""

from typing import Any

import pytest

from core.domain.selection.candidates import Blocked, Eligible
from core.domain.text import strip_invisible
from gleanin_sync_testkit.kind.base import KindBase
from gleanin_sync_testkit.kind.selected import naming_all, texts_of
from gleanin_sync_testkit.requirements import requirement

INVISIBLE = "\u200b\u2060\u00ad"
BLANKS = ("", "  \t ", INVISIBLE)
UNUSABLE_PICTURES = ("https://img.example.org/ada.heic", "/pictures/ada.png", "ftp://img.example.org/ada.png")


class KindFields(KindBase):
    @requirement(
        "Complete records are eligible, with fields of the kind only, and without empty ones", rule=20
    )
    def test_complete_records_are_eligible(self) -> None:
        kind, selected = self.plugin.kind, self.select(self.rows())
        for candidate in selected.candidates:
            fields = selected.eligible(candidate.record.source_id).fields
            assert fields.keys() <= {*kind.fields}, (
                f"{sorted(fields.keys() - {*kind.fields})} are no fields of the kind: add them to it, or leave them out"
            )
            value: Any
            for name, value in fields.items():
                assert value, f"The field {name!r} is empty: leave it out (`filled` does)"
                assert isinstance(value, str) or (
                    isinstance(value, tuple) and all(isinstance(part, str) for part in value)
                ), f"The value of {name!r} is {value!r}: it must be text, or a tuple of texts"

    @requirement("A missing required field blocks the record and is named", rule=18)
    def test_missing_required_field(self) -> None:
        rows = self.rows()
        for field in self.own_required:
            for value in (None, *BLANKS):
                selected = self.select([self.with_value(rows[0], field, value), *rows[1:]])
                verdict = selected.of(self.first_id(rows[0]))
                assert isinstance(verdict, Blocked), (
                    f"Without {field!r} ({value!r}), the record is {verdict}. It must be blocked, and texts be normalized: in "
                    "the row, or in `with_value` as the reader does it"
                )
                reason = verdict.reason
                assert naming_all([field], reason), (
                    f"Without {field!r}, the reason does not name it: {reason}"
                )
                others = selected.verdicts.keys() - {*self.record_ids(rows[0])}
                assert all(isinstance(selected.of(other), Eligible) for other in others), (
                    f"A record without {field!r} must not keep others from being sent"
                )

    @requirement("All missing required fields are named, not only the first", rule=18)
    def test_all_missing_required_fields(self) -> None:
        row, source_id = self.example()
        for field in self.own_required:
            row = self.with_value(row, field, None)
        reason = self.select([row]).blocked(source_id)
        assert naming_all(self.own_required, reason), (
            f"{self.own_required} are all missing, but the reason names fewer: {reason}"
        )

    @requirement("No record is lost for an optional field", rule=14)
    def test_missing_optional_field(self) -> None:
        if not self.own_optional:
            pytest.skip("it has no optional fields of its own")
        rows = self.rows()
        before = self.select(rows).eligible(self.first_id(rows[0])).fields
        for field in self.own_optional:
            assert field in before, f"The first of the example rows needs a value of {field!r}"
            for value in (None, *BLANKS):
                changed = [self.with_value(rows[0], field, value), *rows[1:]]
                fields = self.select(changed).eligible(self.first_id(rows[0])).fields
                assert field not in fields, f"{field!r} is empty, but {fields[field]!r} would be sent"
                lost = before.keys() - fields.keys() - {field, *self.derived}
                assert not lost, f"Without {field!r}, {sorted(lost)} would not be sent either"

    @requirement("No invisible characters are sent", rule=18)
    def test_no_invisible_characters_are_sent(self) -> None:
        row, source_id = self.example()
        for field in self.plugin.kind.fields:
            if field in self.derived or field == "email":
                continue
            value = self.other_value(field)
            odd = self.with_value(row, field, f"{value}{INVISIBLE}\x00")
            sent = self.select([odd]).of(source_id)
            assert not isinstance(sent, Eligible) or all(
                strip_invisible(text) == text for text in texts_of(sent.fields.get(field, ()))
            ), f"{field!r} would be sent with invisible characters: build rows with normalized texts"

    @requirement("A picture that browsers do not show is left out, and the outcome says so", rule=14)
    def test_unusable_pictures(self) -> None:
        if not self.picture_fields:
            pytest.skip("it has no pictures")
        row, source_id = self.example()
        for field in self.picture_fields:
            for url in UNUSABLE_PICTURES:
                verdict = self.select([self.with_value(row, field, url)]).eligible(source_id)
                assert field not in verdict.fields, f"The picture {url!r} would be sent: use `picture_url`"
                assert any(note.strip() for note in verdict.notes), f"No note says that {url!r} was left out"
            odd = self.with_value(row, field, "https://img.example.org/ada lovelace.png")
            sent = self.select([odd]).eligible(source_id).fields.get(field)
            assert sent == "https://img.example.org/ada%20lovelace.png", (
                f"A blank in the address of a picture must be percent-encoded, but {sent!r} would be sent"
            )

    @requirement("Records that are equal in a field other than the e-mail are different records")
    def test_equal_values(self) -> None:
        rows = self.rows()
        for field in (*self.own_required, *self.own_optional):
            if field == "email":
                continue
            equal = [self.with_value(row, field, self.other_value(field)) for row in rows]
            for source_id, verdict in self.select(equal).verdicts.items():
                assert isinstance(verdict, Eligible), (
                    f"{source_id!r} is not sent because another record has the same {field!r}: {verdict}"
                )
