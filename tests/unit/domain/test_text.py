"""Text is normalized where it is read (rule 18)."""

import sys
import unicodedata
from collections.abc import Callable
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.ids import SourceEventId, SourceId
from core.domain.records.source_records import Exhibitor, Person, Session, SourceEvent, Unreadable
from core.domain.text import normalize_line, normalize_rich_text, normalize_url, strip_invisible
from tests.support.builders import agenda, blocked, exhibitor, on, person, session, sessions_of, speakers_of
from tests.support.odd_text import ODD_TEXT

SEEN = frozenset(
    (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD, *range(0x13430, 0x13440))
)
"""Visible format characters: number signs, and the layout of hieroglyphs."""
IGNORABLE = frozenset(
    (
        *(0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), *range(0x200B, 0x2010)),
        *(*range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x3164, *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0),
        *(
            *range(0xFFF0, 0xFFF9),
            *range(0x1BCA0, 0x1BCA4),
            *range(0x1D173, 0x1D17B),
            *range(0xE0000, 0xE1000),
        ),
    )
)
"""Unicode's Default_Ignorable_Code_Point."""
BREAKS = "\t\n\v\f\r\x85\u2028\u2029"
ZWNJ, ZWJ = "\u200c", "\u200d"


def whole_unicode() -> list[str]:
    return [chr(code) for code in range(sys.maxunicode + 1)]


def test_rule_18_exactly_the_invisible_characters_are_removed() -> None:
    lost = {ord(each) for each in whole_unicode() if normalize_line(f"a{each}b") == "ab"}
    controls = {ord(each) for each in whole_unicode() if unicodedata.category(each) == "Cc"} - {
        *map(ord, BREAKS)
    }
    formats = {ord(each) for each in whole_unicode() if unicodedata.category(each) == "Cf"} - SEEN
    assert lost == controls | formats | IGNORABLE


@pytest.mark.parametrize("separator", [*BREAKS, "\r\n", " \n ", "\t\t", "\n\u200b\n"], ids=ascii)
def test_rule_18_line_breaks_and_tabs_become_one_space(separator: str) -> None:
    assert normalize_line(f"Ada{separator}Lovelace") == "Ada Lovelace"


def test_rule_18_an_invisible_character_next_to_a_space_leaves_one_space() -> None:
    assert normalize_line("Ada \u200b Lovelace\u200b \u200bKing") == "Ada Lovelace King"


@pytest.mark.parametrize(
    "blank",
    [
        "",
        " ",
        "\u00a0",
        "\u3000",
        "\u2800",
        "\u200b",
        "\ufeff",
        "\u3164",
        "\u00ad",
        "\x00",
        "\n\t",
        "\u200b \u202f\u2060",
    ],
    ids=ascii,
)
def test_rule_18_invisible_text_is_blank(blank: str) -> None:
    assert normalize_line(blank) is None
    assert normalize_rich_text(blank) is None
    assert normalize_url(blank) is None
    assert normalize_line(f"{blank}Ada{blank}") == "Ada"
    assert normalize_rich_text(f"{blank}Ada{blank}") == "Ada"


def test_rule_18_letters_are_composed_after_removing_invisible_characters() -> None:
    assert normalize_line("Rene\u0301") == normalize_line("Rene\u200b\u0301") == "Ren\u00e9"
    assert normalize_rich_text("Rene\u0301\u00a0!") == "Ren\u00e9\u00a0!"


@pytest.mark.parametrize(
    "text",
    [
        f"\U0001f469\U0001f3fd{ZWJ}\U0001f4bb",  # a woman at a computer
        f"\U0001f3f3\ufe0f{ZWJ}\U0001f308",  # a rainbow flag
        f"\u2764\ufe0f{ZWJ}\U0001f525 love",
        f"\U0001f937{ZWJ}\u2640\ufe0f",
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # the flag of Scotland
        "1\ufe0f\u20e3 2\ufe0f\u20e3",
        "\u00a9\ufe0f",
        "\u845b\U000e0100\u57ce",  # Katsuragi, as the town writes itself
        f"\u0645\u06cc{ZWNJ}\u062e\u0648\u0627\u0647\u0645",  # Persian
        f"\u0dc1\u0dca{ZWJ}\u0dbb\u0dd3",  # Sri, in Sinhala
        f"\u0915\u094d{ZWNJ}\u0937",  # Devanagari
        f"\u09b0{ZWJ}\u09cd\u09af\u09be\u09ac",  # Bengali
        f"\u0d2e\u0d4b\u0d39\u0d28\u0d4d{ZWJ} \u0d32\u0d3e\u0d32\u0d4d{ZWJ}",  # Mohanlal, in Malayalam
        "\u182a\u1822\u180b\u1834\u180e\u1820",  # Mongolian
        "\u0661\u0600\u0662",
        "\u05e9\u05dc\u05d5\u05dd \u4e16\u754c",
        "x" * 10_000,
    ],
    ids=ascii,
)
def test_rule_18_characters_that_change_the_appearance_stay(text: str) -> None:
    assert normalize_line(text) == text
    assert normalize_rich_text(f"<p>{text}</p>") == f"<p>{text}</p>"


@pytest.mark.parametrize(
    "text",
    [
        f"A{ZWJ}da",
        f"Ada{ZWNJ}",
        f"{ZWJ}Ada",
        "Ada\ufe0f",
        f"A{ZWJ}{ZWNJ}{ZWJ}da",
        "A\U000e0100d\U000e0061\U000e007fa",
        "1\ufe0fAda",
        f"\u0645{ZWNJ}Ada",
        f"\U0001f469{ZWJ}Ada",
    ],
    ids=ascii,
)
def test_rule_18_the_same_characters_are_removed_without_effect_on_the_appearance(text: str) -> None:
    assert not {ZWJ, ZWNJ, "\ufe0f", "\U000e0100", "\U000e0061", "\U000e007f"} & {
        *(normalize_line(text) or "")
    }


def test_rule_18_stripped_text_has_no_invisible_characters() -> None:
    assert strip_invisible(f"\u00a0a{ZWJ}\u2764\ufe0fb\nc\u200b ") == "a\u2764b c"


@pytest.mark.parametrize(
    "text",
    [
        "<p><br></p>",
        "<p>&nbsp;</p>",
        "<p>&#8203;&shy;&ZeroWidthSpace;</p>",
        "<div><p>\u200b</p></div>",
        "<P>\n\t<BR/>\n</P>",
        "<ul><li></li></ul>",
        "<table><tr><td></td></tr></table>",
        "<!-- nothing -->",
        "<style>p { color: red }</style><script>alert(1)</script>",
        "<a href='https://example.org'></a>",
        "&nbsp;",
    ],
)
def test_rule_18_rich_text_without_content_is_empty(text: str) -> None:
    assert normalize_rich_text(text) is None
    assert "description" not in sessions_of(agenda(session("s", description=text)))["s"].fields  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "a < b",
        "&lt;3",
        "<3",
        "<p>.</p>",
        "<p><b></b>x",
        "<style>p {}</style>x",
        '<img src="https://example.org/a.png">',
        "<p><IMG></p>",
        "<iframe></iframe>",
        "<video></video>",
        "<audio></audio>",
        "<object></object>",
        "<embed>",
        "<svg></svg>",
        "<table><tr><td>1</td></tr></table>",
        "<p>one</p>\n\n<p>\ttwo</p>",
    ],
)
def test_rule_18_rich_text_with_content_is_unchanged(text: str) -> None:
    assert normalize_rich_text(f" {text}\n") == text


def test_rule_18_rich_text_keeps_its_lines_as_line_feeds() -> None:
    assert (
        normalize_rich_text("one\r\ntwo\rthree\u2028four\n\nfive\tsix")
        == "one\ntwo\nthree\nfour\n\nfive\tsix"
    )


def test_rule_18_a_lone_surrogate_is_replaced_and_can_be_stored() -> None:
    assert normalize_line("a\ud800b") == normalize_rich_text("a\udfffb") == "a\ufffdb"


def test_a_url_is_not_composed() -> None:
    assert normalize_url(" https://example.org/e\u0301\n.png\ufeff") == "https://example.org/e\u0301.png"


@pytest.mark.parametrize("normalize", [normalize_line, normalize_rich_text, normalize_url, strip_invisible])
@given(text=ODD_TEXT | st.text(max_size=20))
def test_rule_18_normalization_is_idempotent(normalize: Callable[[str], str | None], text: str) -> None:
    normal = normalize(text)
    if normal:
        assert normalize(normal) == normal
        assert normal.encode()


@given(ODD_TEXT | st.text(max_size=20))
def test_rule_18_both_normal_forms_become_the_same(text: str) -> None:
    encodable = text.encode("utf-8", "replace").decode()
    for normalize in (normalize_line, normalize_rich_text):
        composed, taken_apart = (normalize(unicodedata.normalize(form, encodable)) for form in ("NFC", "NFD"))
        assert composed == taken_apart


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a" + "\u0301\u0327" * 100_000, id="marks"),
        pytest.param("a" + "\u0f73" * 100_000, id="marks that fall apart"),
        pytest.param("a" + " " * 200_000 + "\n", id="blanks"),
        pytest.param("a \u200b" * 50_000, id="invisible"),
        pytest.param("<p>" + "<" * 100_000, id="signs"),
        pytest.param("<p></p>" * 20_000, id="paragraphs"),
        pytest.param("<!--" * 50_000, id="comments"),
        pytest.param("<title>" + "<!--" * 50_000, id="in a title"),
    ],
)
def test_adversarial_text_is_normalized_quickly(text: str) -> None:
    begun = perf_counter()
    normalize_line(text)
    normalize_rich_text(text)
    assert perf_counter() - begun < 5, "by the square of its length, it would take minutes"


def test_long_html_counts_as_content_without_parsing() -> None:
    assert normalize_rich_text("<p></p>" * 700) is None
    assert normalize_rich_text("<p></p>" * 720) == "<p></p>" * 720


def test_the_number_of_marks_on_a_letter_is_limited() -> None:
    assert len(normalize_line("x" + "\u0301" * 100) or "") == 31


def test_rule_18_every_text_of_a_record_is_normalized_for_any_source() -> None:
    odd, plain = "\ufeffRene\u0301\u200b\u00a0", "Ren\u00e9"
    person = Person(SourceId("p"), odd, odd, odd, odd, odd, odd, " https://example.org/a.png\u200b")
    names = (person.first_name, person.last_name, person.full_name, person.email, person.job_title)
    assert (*names, person.company_name, person.label) == (plain,) * 7
    assert person.headshot == "https://example.org/a.png"
    session = Session(SourceId("s"), odd, f"{odd}\nx", odd, track=odd, tags=(odd, "\u200b", "b"))
    assert (session.title, session.description, session.status, session.track) == (
        plain,
        f"{plain}\u00a0\nx",
        plain,
        plain,
    )
    assert session.tags == (plain, "b")
    made = Exhibitor(SourceId("e"), odd, "\u200bhttps://example.org/a.png")
    assert (made.name, made.logo) == (plain, "https://example.org/a.png")
    event = SourceEvent(SourceEventId("1"), odd, "Europe/Paris\u200b")
    assert (event.name, event.time_zone) == (plain, "Europe/Paris")


def test_rule_18_a_record_with_an_invisible_name_is_labelled_with_its_id() -> None:
    assert person("ada", first_name="\u200b", last_name="\u3164").label == "ada@example.org"
    assert person("ada", first_name="\u200b", last_name="\u3164", email="\u200b").label == "ada"
    assert session("s", title="\u200b").label == "s"
    assert exhibitor("acme", name="\u200b").label == "acme"
    assert SourceEvent(SourceEventId("1"), "\u200b", None).name == "1"
    assert Unreadable(SourceId("odd"), "\u200b", "no object").label == "odd"


def test_rule_18_invisible_names_and_titles_are_missing() -> None:
    made = agenda(
        session("s1", title="\u200b\ufeff"),
        session("s2", on(person(first_name="\u3164", last_name="\u00ad"))),
    )
    assert blocked(sessions_of(made)["s1"]).reason.sentence == "Required field is missing: title."
    sentence = blocked(speakers_of(made)["ada"]).reason.sentence
    assert sentence == "Required fields are missing: first name, last name."


def test_normal_text_is_not_copied() -> None:
    first_name, email = "Ada", "ada@example.org"
    made = person(first_name=first_name, email=email)
    assert made.first_name is first_name
    assert made.email is email
