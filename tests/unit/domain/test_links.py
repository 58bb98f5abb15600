"""Rule 38 in the domain: which link goes where, what is replaced, and what a token may still write."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.errors import InvalidInput
from core.domain.ids import SourceId
from core.domain.links.link_homes import HolderType, LinkField, LinkHome, LinkSettings
from core.domain.links.link_outcomes import LinkCounts, LinkOutcome
from core.domain.links.write_back import (
    LinkedPerson,
    LinkHolder,
    WantedLink,
    WantedLinks,
    WrittenLink,
    decide,
    link_of,
)
from core.domain.links.write_quota import DAY, PastWrite, WriteLimits, WriteQuota
from core.domain.records.kinds import EXHIBITOR_CONTACT, SPEAKER
from core.domain.records.reasons import Reason
from core.domain.records.synced_records import ShareLink
from core.domain.runs.messages import links_sentence
from core.domain.systems import ExternalSystem

SOURCE = ExternalSystem("pretalx", "pretalx")
PEOPLE, BOOTHS = HolderType("people"), HolderType("booths")
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
WINDOW = timedelta(minutes=15)
LIMITS = WriteLimits(batch=100, requests=3, window=WINDOW, records_a_day=1_000)
URL, OLD, MINE = "https://invt.io/new", "https://invt.io/old", "https://mine.example.org"
WANTED = WantedLink(SPEAKER, PEOPLE, SourceId("ada"), "Ada", URL)
EARLY, LATE = ShareLink("Early", "https://invt.io/1", "1"), ShareLink("Late", "https://invt.io/2", "2")


def held(value: str | None, *, is_masked: bool = False) -> LinkHolder:
    return LinkHolder(SourceId("ada"), value, "v1", is_masked=is_masked)


def written(value: str = "", pending: str = "") -> WrittenLink:
    return WrittenLink(PEOPLE, SourceId("ada"), value, pending)


@pytest.mark.parametrize(
    ("value", "memory", "outcome"),
    [
        (None, None, None),
        ("", None, None),
        ("  ", None, None),
        (URL, None, LinkOutcome.UNCHANGED),
        (f" {URL} ", None, LinkOutcome.UNCHANGED),
        (MINE, None, LinkOutcome.KEPT),
        (MINE, written(OLD), LinkOutcome.KEPT),
        (OLD, None, LinkOutcome.KEPT),
        (OLD, written(OLD), None),
        (OLD, written("", OLD), None),
        (OLD, written(MINE, OLD), None),
        (None, written(OLD), None),
    ],
)
def test_rule_38_only_what_is_empty_or_ours_is_replaced(
    value: str | None, memory: WrittenLink | None, outcome: LinkOutcome | None
) -> None:
    result = decide(WANTED, held(value), memory, SOURCE)
    assert (result.outcome if result else None) == outcome


def test_rule_38_a_hidden_value_is_never_replaced() -> None:
    result = decide(WANTED, held("h***", is_masked=True), written("h***"), SOURCE)
    assert result is not None
    assert result.outcome is LinkOutcome.KEPT


@given(st.lists(st.sampled_from([OLD, URL, MINE]), max_size=6))
def test_rule_38_whatever_was_sent_last_is_known_as_ours(sent: list[str]) -> None:
    memory, field = written(), ""
    for number, url in enumerate(sent):
        memory = memory.about_to_write(field, url, NOW)
        if number % 2:  # else the answer, or the request, was lost
            field, memory = url, memory.arrived()
        assert not field or memory.is_ours(field)
        assert memory.is_ours(url)


@pytest.mark.parametrize(
    ("links", "campaign", "expected"),
    [
        ((), "", None),
        ((EARLY,), "", EARLY),
        ((EARLY, ShareLink("Again", EARLY.url)), "", EARLY),
        ((EARLY, LATE), "2", LATE),
        ((EARLY,), "2", None),
        ((), "2", None),
    ],
)
def test_rule_38_the_link_is_that_of_the_chosen_campaign(
    links: tuple[ShareLink, ...], campaign: str, expected: ShareLink | None
) -> None:
    assert link_of(links, campaign) == expected


def test_rule_38_of_several_campaigns_one_must_be_chosen() -> None:
    assert isinstance(link_of((EARLY, LATE), ""), Reason)


def test_rule_38_a_record_gets_one_link_and_each_link_one_result() -> None:
    links = WantedLinks(SOURCE)
    links.claim(SPEAKER, LinkHome(PEOPLE), [LinkedPerson(SourceId("ada"), "Ada", (EARLY,))])
    contacts = [LinkedPerson(SourceId(name), name, (LATE,)) for name in ("ada", "eve")]
    links.claim(EXHIBITOR_CONTACT, LinkHome(PEOPLE, BOOTHS), contacts)
    assert {name: link.url for name, link in links.of_people[PEOPLE].items()} == {
        "ada": EARLY.url,
        "eve": LATE.url,
    }
    (decided,) = links.decided
    assert (decided.kind, decided.outcome, decided.reason.code) == (
        EXHIBITOR_CONTACT,
        LinkOutcome.UNCHANGED,
        "link_of_other_kind",
    )
    booth = LinkHolder(SourceId("b1"), None, "v1", "Booth", primary=SourceId("ada"))
    of_booth = links.of_company(BOOTHS, booth)
    assert of_booth is not None
    assert (of_booth.url, of_booth.label, of_booth.kind) == (LATE.url, "Booth", EXHIBITOR_CONTACT)
    assert links.of_company(BOOTHS, LinkHolder(SourceId("b2"), None, "v1")) is None


def quota(*ages: timedelta, records: int = 100, holder: HolderType = PEOPLE) -> WriteQuota:
    return WriteQuota(tuple(PastWrite(NOW - age, holder, records) for age in ages))


@pytest.mark.parametrize(
    ("used", "room"),
    [
        (WriteQuota(), 100),
        (quota(WINDOW, WINDOW, WINDOW), 100),
        (quota(*[WINDOW - timedelta(seconds=1)] * 3), 0),
        (quota(*[timedelta(0)] * 3, holder=BOOTHS), 100),
        (quota(*[timedelta(hours=1)] * 9), 100),
        (quota(*[timedelta(hours=1)] * 9, records=111), 1),
        (quota(*[timedelta(hours=1)] * 10), 0),
        (quota(*[DAY] * 10), 100),
        (quota(*[-timedelta(hours=1)] * 3), 0),
        (WriteQuota(paused_until=NOW + timedelta(seconds=1)), 0),
        (WriteQuota(paused_until=NOW), 100),
    ],
)
def test_rule_38_what_a_token_may_still_write(used: WriteQuota, room: int) -> None:
    assert used.room(PEOPLE, LIMITS, NOW) == room


def test_rule_38_a_day_of_writes_stays_small_and_keeps_its_sum() -> None:
    used, limits = WriteQuota(), WriteLimits(100, 100, WINDOW, 10_000)
    for number in range(2_000):
        used = used.used(PEOPLE, 1, limits, NOW + timedelta(seconds=number * 30))
    now = NOW + timedelta(seconds=2_000 * 30)
    assert sum(write.records for write in used.writes) == 2_000
    assert len(used.writes) < 100
    assert used.room(PEOPLE, WriteLimits(100, 100, WINDOW, 2_001), now) == 1
    later = used.used(PEOPLE, 1, limits, now + 2 * DAY)
    assert len(later.writes) == 1


def test_rule_38_a_company_field_needs_one_of_people() -> None:
    assert not LinkSettings().is_on
    with pytest.raises(InvalidInput):
        LinkSettings("", "booth_link")
    assert LinkSettings("link", "booth_link").is_on


def test_rule_38_a_field_is_shown_by_both_names() -> None:
    assert LinkField("link", "Gleanin Link").label == "Gleanin Link (link)"
    assert LinkField("link", " \u200b ").label == "link"


def test_rule_38_links_are_counted_in_a_sentence_of_their_own() -> None:
    counts = LinkCounts({LinkOutcome.FAILED: 1, LinkOutcome.WRITTEN: 1_084})
    assert links_sentence(counts, SOURCE) == ("Share links in pretalx: 1,084 written, 1 failed.",)
    assert links_sentence(LinkCounts(), SOURCE) == ()
