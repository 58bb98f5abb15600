"""Which share links may be shown (rule 30)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.records.synced_records import ShareLink, presentable


@pytest.mark.parametrize(
    "url",
    [
        "https://app.gleanin.com/share/abc",
        "https://invt.io/1a2b",
        "HTTPS://invt.io/x",
        "https://invt.io/x?a=b#c",
    ],
)
def test_rule_30_https_links_are_shown_unchanged(url: str) -> None:
    link = ShareLink("Speaker campaign", url)
    assert presentable([link]) == (link,)


@pytest.mark.parametrize(
    "url",
    [
        "http://app.gleanin.com/share/abc",
        "javascript:alert(1)",
        "data:text/html,hi",
        "//app.gleanin.com/x",
        "https:",
        "https://",
        "https:///x",
        "",
        " https://invt.io/x",
        "https://invt.io/x y",
        "https://invt.io/\n",
        "java\nscript:alert(1)",
        "https://[broken",
        "https://invt.io/\u202egpj.exe",
    ],
)
def test_rule_30_other_links_are_not_shown(url: str) -> None:
    assert presentable([ShareLink("Speaker campaign", url)]) == ()


@pytest.mark.parametrize(
    ("url", "is_shown"),
    [
        ("https://invt.io/1", True),
        ("https://INVT.IO/1", True),
        ("https://invt.io:443/1", True),
        ("https://invt.io:8443/1", False),
        ("https://invt.io.example.org/1", False),
        ("https://example.org/invt.io", False),
        ("https://invt.io@example.org/1", False),
        ("https://example.org@invt.io/1", False),
        ("https://sub.invt.io/1", False),
        ("https://invt.io:port/1", False),
    ],
)
def test_rule_30_links_are_shown_on_known_hosts_only(url: str, is_shown: bool) -> None:
    assert bool(presentable([ShareLink("Speaker campaign", url)], {"invt.io", "app.gleanin.com"})) is is_shown


def test_rule_30_an_invalid_link_does_not_hide_others() -> None:
    good = [ShareLink(str(n), f"https://invt.io/{n}") for n in range(2)]
    assert presentable([good[0], ShareLink("bad", "ftp://x"), good[1]]) == tuple(good)


@given(st.text())
def test_rule_30_only_https_is_shown(url: str) -> None:
    for link in presentable([ShareLink("t", url)]):
        assert link.url.lower().startswith("https://")
