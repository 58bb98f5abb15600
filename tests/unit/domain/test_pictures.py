"""Pictures whose URLs cannot be sent are left out, and the outcome says so (rule 14)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.records import reasons
from core.domain.records.kinds import EXHIBITOR_CONTACT
from core.domain.records.pictures import is_heic, picture_url
from core.domain.text import normalize_url, split_url
from tests.support.assertions import present
from tests.support.builders import (
    agenda,
    eligible,
    exhibitor,
    exhibitor_list,
    on,
    person,
    primary,
    selected,
    session,
    speakers_of,
)

LEFT_OUT = [
    "n/a",
    "-",
    "photo.jpg",
    "/photo.jpg",
    "//img.example.org/a.png",
    "data:image/png;base64,iVBORw0KGgo=",
    "ftp://img.example.org/a.png",
    "javascript:alert(1)",
    "https://",
    "https:///a.png",
    "https:/img.example.org/a.png",
    "https://@/a.png",
    "https://./a.png",
    "https://img example.org/a.png",
    "https://img.example.org:photo/a.png",
    "https://img.example.org:99999/a.png",
    "https://[img.example.org/a.png",
    "https://[::g]/a.png",
    "https://\u2100.example.org/a.png",
    "http",
]
ENCODED = [
    ("https://img.example.org/a.png?v=2#top", "https://img.example.org/a.png?v=2#top"),
    (" https://img.example.org/a.png\u200b", "https://img.example.org/a.png"),
    ("HTTPS://IMG.Example.org/A.png", "https://img.example.org/A.png"),
    ("https://img.example.org/Ada Lovelace.png", "https://img.example.org/Ada%20Lovelace.png"),
    ("https://img.example.org/Ren\u00e9.png", "https://img.example.org/Ren%C3%A9.png"),
    ("https://img.example.org/Rene\u0301.png", "https://img.example.org/Rene%CC%81.png"),
    ("https://img.example.org/Ren%C3%A9 1.png", "https://img.example.org/Ren%C3%A9%201.png"),
    ("https://img.example.org/100%.png", "https://img.example.org/100%25.png"),
    ("https://img.example.org/%zz%2", "https://img.example.org/%25zz%252"),
    ('https://img.example.org/a[1]{2}|3\\4^5`6"7<8>.png', "https://img.example.org/a%5B1%5D%7B2%7D%7C3%5C4%5E5%606%227%3C8%3E.png"),
    ("https://img.example.org/a.png?name=Ada L&x=\u00fc#\u00e4 b", "https://img.example.org/a.png?name=Ada%20L&x=%C3%BC#%C3%A4%20b"),
    ("https://img.example.org/a\n\t.png", "https://img.example.org/a.png"),
    ("https://b\u00fccher.example.org/a.png", "https://xn--bcher-kva.example.org/a.png"),
    ("https://STRA\u1e9eE.example.org:8443/", "https://xn--strae-oqa.example.org:8443/"),
    ("https://img.example.org:/a.png", "https://img.example.org/a.png"),
    ("https://[2001:db8::1]/a.png", "https://[2001:db8::1]/a.png"),
    ("http://ada:p w@img.example.org/a.png", "http://ada:p%20w@img.example.org/a.png"),
    ("https://img.example.org", "https://img.example.org"),
    ("https://my_bucket.example.org/a.png", "https://my_bucket.example.org/a.png"),
]  # fmt: skip


@pytest.mark.parametrize("text", LEFT_OUT, ids=ascii)
def test_rule_14_a_headshot_without_a_web_address_is_left_out_and_quoted(text: str) -> None:
    verdict = eligible(speakers_of(agenda(session("s", on(person(headshot=text)))))["ada"])
    assert "headshot" not in verdict.fields
    assert verdict.notes == (reasons.picture_left_out(text),)
    assert text in verdict.notes[0]


@pytest.mark.parametrize("text", LEFT_OUT, ids=ascii)
def test_rule_14_a_logo_without_a_web_address_is_left_out_and_quoted(text: str) -> None:
    made = exhibitor_list(exhibitor("acme", primary(person()), logo=text))
    verdict = eligible(selected(made, EXHIBITOR_CONTACT)["ada"])
    assert "logo" not in verdict.fields
    assert verdict.notes == (reasons.picture_left_out(text),)


def test_rule_14_a_heic_logo_is_left_out_and_the_outcome_says_so() -> None:
    made = exhibitor_list(exhibitor("acme", primary(person()), logo="https://img.example.org/a.HEIC?w=2"))
    verdict = eligible(selected(made, EXHIBITOR_CONTACT)["ada"])
    assert "logo" not in verdict.fields
    assert verdict.notes == (reasons.HEIC_LEFT_OUT,)


@pytest.mark.parametrize(("text", "url"), ENCODED, ids=lambda each: ascii(each)[:60])
def test_rule_14_invalid_url_characters_are_percent_encoded_once(text: str, url: str) -> None:
    assert picture_url(text) == (url, None)
    assert picture_url(url) == (url, None)
    verdict = eligible(speakers_of(agenda(session("s", on(person(headshot=text)))))["ada"])
    assert (verdict.fields["headshot"], verdict.notes) == (url, ())


def test_rule_14_a_long_value_is_quoted_in_part() -> None:
    _, note = picture_url("data:image/png;base64," + "A" * 100_000)
    assert len(present(note)) < 150


def test_a_long_host_beyond_ascii_is_not_normalized() -> None:
    """Python would need minutes for one as long as a page of Sessionboard's API."""
    hostile = "https://a" + "\u0301\u0323" * 2000 + ".example/x"
    with pytest.raises(ValueError, match="non-ASCII"):
        split_url(hostile)
    url, note = picture_url(f"{hostile}.png")
    assert url is None
    assert note is not None
    assert is_heic(f"{hostile}.heic")


@pytest.mark.parametrize("blank", [None, "", " ", "\u200b"])
def test_rule_14_a_missing_picture_is_not_mentioned(blank: str | None) -> None:
    assert picture_url(blank) == (None, None)


@given(
    st.text(max_size=20)
    | st.builds(
        "{}://{}{}".format, st.sampled_from(("http", "HTTPS")), st.text(max_size=10), st.text(max_size=10)
    )
    | st.builds(
        "https://h.example{}".format,
        st.text(st.sampled_from("/?#%aF0 \u00fc\u0301[]@:&=;\\\"'<\ud800\u200b\n."), max_size=20),
    )
)
def test_rule_14_any_text_is_sent_in_one_form_or_left_out(text: str) -> None:
    url, note = picture_url(text)
    if url is None:
        assert note or normalize_url(text) is None
        return
    assert note is None
    assert url.isascii()
    assert url.isprintable()
    assert " " not in url
    assert not is_heic(url)
    assert picture_url(url) == (url, None)
