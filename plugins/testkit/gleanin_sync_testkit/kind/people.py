"""What a suite requires of kinds whose records are people, with an e-mail each (rules 15 and 16)."""

from core.domain.email import normalize_email
from core.domain.selection.candidates import Eligible
from gleanin_sync_testkit.kind.base import KindBase
from gleanin_sync_testkit.kind.selected import Selected
from gleanin_sync_testkit.requirements import requirement

PEOPLE = ("are_people",)
MASKED = "j***@a***.com"


class KindPeople(KindBase):
    @requirement("The candidate of a person has the person's e-mail", needs=PEOPLE)
    def test_candidates_have_their_email(self) -> None:
        selected = self.select(self.rows())
        for candidate in selected.candidates:
            sent = selected.eligible(candidate.record.source_id).fields["email"]
            assert candidate.record.email == sent, (
                f"{candidate.record} needs the e-mail that is sent, {sent!r}: people find themselves by it"
            )

    @requirement("Of two people with the same e-mail, one goes and both are named", rule=15, needs=PEOPLE)
    def test_same_email(self) -> None:
        one, other = self._two()
        email = self._email(one)
        for same in (email, email.upper(), f"\u200b{email}"):
            rows = [one, self.with_value(other, "email", same)]
            selected, turned = self.select(rows), self.select(rows[::-1])
            goes = [key for key in self._firsts(rows) if isinstance(selected.of(key), Eligible)]
            assert len(goes) == 1, f"{len(goes)} of two people with the e-mail {same!r} go"
            assert isinstance(turned.of(goes[0]), Eligible), (
                "Which of the two goes depends on the order of the rows"
            )
            (blocked,) = {*self._firsts(rows)} - {*goes}
            reason = selected.blocked(blocked)
            assert all(label in reason.sentence for label in self._labels(selected, self._firsts(rows))), (
                f"The reason must name both people: {reason.sentence}"
            )

    @requirement("Who is in the destination with an e-mail goes on with it", rule=15, needs=PEOPLE)
    def test_who_has_the_email_keeps_it(self) -> None:
        one, other = self._two()
        email = self._email(one)
        rows = [one, self.with_value(other, "email", email)]
        for holder in self._firsts(rows):
            selected = self.select(rows, emails_there={holder: email})
            assert isinstance(selected.of(holder), Eligible), (
                f"{holder!r} has the e-mail in the destination and must keep it: pass `emails_in_use` on"
            )

    @requirement("Who is not sent claims no e-mail", rule=15, needs=PEOPLE)
    def test_who_is_not_sent_claims_no_email(self) -> None:
        one, other = self._two()
        email, first = self._email(one), self.first_id(one)
        rows = [one, self.with_value(other, "email", email)]
        for claiming, going in (rows, rows[::-1]):
            out, goes = self.first_id(claiming), self.first_id(going)
            selected = self.select(rows, excluded={out})
            assert isinstance(selected.of(goes), Eligible), (
                f"{out!r} must not be written any more (rule 10), so {goes!r} may have the e-mail"
            )
            for field in self.own_required:
                if field != "email":
                    incomplete = self.with_value(claiming, field, None)
                    verdict = self.select([incomplete, going]).of(goes)
                    assert isinstance(verdict, Eligible), (
                        f"{out!r} lacks {field!r} and is not sent, so {goes!r} may have the e-mail: it is {verdict}"
                    )
        assert first in self.select(rows).verdicts

    @requirement("A new e-mail is announced, so that another may have the former one", rule=15, needs=PEOPLE)
    def test_email_changes_are_announced(self) -> None:
        one, other = self._two()
        first, email = self.first_id(one), self._email(one)
        selected = self.select([one, other], emails_there={first: "former@example.org"})
        assert selected.selection.email_changes.get(first) == normalize_email(email), (  # type: ignore[call-overload]
            f"`Selection.email_changes` must have {first!r} with its new e-mail: it has "
            f"{dict(selected.selection.email_changes)}"
        )

    @requirement("A text that is no e-mail blocks the record and is quoted", rule=15, needs=PEOPLE)
    def test_no_email_at_all(self) -> None:
        row, source_id = self.example()
        reason = self.select([self.with_value(row, "email", "ada at example")]).blocked(source_id)
        assert "ada at example" in reason.sentence, f"The reason must quote it: {reason.sentence}"

    @requirement("An e-mail that came masked is reported", rule=16, needs=PEOPLE)
    def test_masked_email(self) -> None:
        rows = self.rows()
        for at, row in enumerate(rows):
            masked = [*rows[:at], self.with_value(row, "email", MASKED), *rows[at + 1 :]]
            assert self.add(masked).masked == MASKED, f"`masked` must be {MASKED!r}: the run then stops"

    def _two(self) -> tuple[object, object]:
        """Return two rows that have no record in common."""
        one, *others = self.rows()
        other = next(row for row in others if not {*self.record_ids(row)} & {*self.record_ids(one)})
        return one, other

    def _email(self, row: object) -> str:
        email = self.select([row]).eligible(self.first_id(row)).fields["email"]
        assert isinstance(email, str)
        return email

    def _firsts(self, rows: list[object]) -> list[str]:
        return [self.first_id(row) for row in rows]

    def _labels(self, selected: Selected, source_ids: list[str]) -> list[str]:
        return [
            candidate.record.label
            for candidate in selected.candidates
            if candidate.record.source_id in source_ids
        ]
