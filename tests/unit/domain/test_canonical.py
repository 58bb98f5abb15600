"""Meaningless differences between two reads are no change (rule 21)."""

import unicodedata
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.domain.ids import SourceId
from core.domain.records.canonical import canonical, stable_text, unsigned
from core.domain.records.fields import Fields, FieldValue
from core.domain.records.pictures import is_heic
from core.domain.records.source_records import Person, Session
from core.domain.selection.sessions import session_fields
from core.domain.selection.speakers import speaker_fields
from core.domain.tenancy.event_mappings import MappingSettings
from tests.support.builders import agenda, eligible, session, sessions_of
from tests.support.odd_text import ODD_TEXT

PICTURE = "https://img.example.org/a.png"
IMGIX = "0123456789abcdef0123456789ABCDEF"
SIGNED = [
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20270701T000000Z&X-Amz-Signature=0f",
    "x-goog-credential=a%2Fb&X-Goog-Signature=0f&X-Goog-Expires=900",
    "AWSAccessKeyId=AKIA&Expires=1800000000&Signature=a%2Bb%3D",
    "GoogleAccessId=a@example.org&Expires=1800000000&Signature=0f",
    "Expires=1800000000&Signature=0f&Key-Pair-Id=K1",
    "Policy=eyJ&Signature=0f&Key-Pair-Id=K1",
    "sv=2024-01-01&se=2027-07-01T00%3A00%3A00Z&sr=b&sp=r&spr=https&st=2027&sig=0f%3D",
    "skoid=1&sktid=2&skt=3&ske=4&sks=b&skv=5&sig=0f",
    "token=0f",
    "access_token=0f&exp=1",
    "hmac=0f&expiry=1&nonce=2",
    "hdnts=exp=1~hmac=0f",
    "hdnea=0f",
    "verify=1800000000-0f",
    "expires_at=1",
    f"s={IMGIX}",
    "EXPIRES=1&SIGNATURE=0f",
    "X%2DAmz%2DDate=1",
]
MEANT = [
    "v=2",
    "id=7",
    "w=200&h=200",
    "s=small",
    "se=1&sp=2",
    "sv=1",
    "signed=1",
    "tokens=1",
    "x-amz=1",
    "s=",
]


@pytest.mark.parametrize("field", ["headshot", "logo"])
@pytest.mark.parametrize("query", SIGNED)
def test_rule_21_the_signature_in_a_picture_url_is_ignored(field: str, query: str) -> None:
    assert canonical({field: f"{PICTURE}?{query}"}) == canonical({field: PICTURE})
    assert canonical({field: f"{PICTURE}?v=2&{query}&id=7#x"}) == {field: f"{PICTURE}?v=2&id=7#x"}


@pytest.mark.parametrize("query", MEANT)
def test_rule_21_a_different_parameter_or_path_of_a_picture_url_is_a_change(query: str) -> None:
    previous = canonical({"headshot": f"{PICTURE}?{query}"})
    assert previous == {"headshot": f"{PICTURE}?{query}"} != canonical({"headshot": PICTURE})
    assert previous != canonical({"headshot": f"https://img.example.org/b.png?{query}"})


def test_rule_21_a_signature_among_odd_characters_of_a_picture_url_is_ignored() -> None:
    assert canonical({"logo": f"{PICTURE}?name=a(1)'b&X-Amz-Signature=0f"}) == {
        "logo": f"{PICTURE}?name=a(1)'b"
    }


@pytest.mark.parametrize("query", SIGNED)
def test_rule_21_url_signatures_in_a_description_are_ignored(query: str) -> None:
    def described(query: str) -> Fields:
        return canonical({"description": f'<p>See <img src="{PICTURE}{query}"> and ({PICTURE}{query}).</p>'})

    escaped = query.replace("&", "&amp;")
    assert described(f"?{query}") == described(f"?{escaped}") == described("")
    assert described(f"?{query}&v=2") == described(f"?v=2&amp;{escaped}") == described("?v=2")
    assert (
        described("?v=2&amp;w=1") == described("?v=2&w=1") == described("?v=2&#38;w=1") != described("?v=2")
    )


def test_rule_21_the_text_around_a_url_counts() -> None:
    text = f"{PICTURE}?token=1, then.\nReally?token=2 and //img.example.org/b?sig=1&sv=2#top."
    assert canonical({"description": text}) == {
        "description": f"{PICTURE}, then.\nReally?token=2 and //img.example.org/b#top."
    }
    assert canonical({"title": f"{PICTURE}?token=1"}) == {"title": f"{PICTURE}?token=1"}


@pytest.mark.parametrize("row", ["{!r}", '{{"url": "{}"}}', "Person(headshot='{}', email=None)", r"a\n{}\nb"])
def test_rule_21_rows_are_compared_without_url_signatures(row: str) -> None:
    signed, again = (row.format(f"{PICTURE}?v=2&X-Amz-Date={day}&X-Amz-Signature={day}") for day in (1, 2))
    assert stable_text(signed) == stable_text(again) == row.format(f"{PICTURE}?v=2")
    assert stable_text("no address?") == "no address?"


@pytest.mark.parametrize(
    ("previous", "now"),
    [
        ({"first_name": " Ada\u200b"}, {"first_name": "Ada"}),
        ({"last_name": "Rene\u0301"}, {"last_name": "Ren\u00e9"}),
        ({"name": "Ada \u200b Lovelace"}, {"name": "Ada Lovelace"}),
        ({"title": "a\r\nb\x00"}, {"title": "a b"}),
        ({"description": "<p><br></p>"}, {}),
        ({"description": "a\r\nb"}, {"description": "a\nb"}),
        ({"job_title": "\u200b"}, {}),
        ({"tracks": ("b", "a", "b", "a\u200b", " ")}, {"tracks": ("a", "b")}),
        ({"tracks": ("\u200b",)}, {}),
        ({"sessions": ("2", "1")}, {"sessions": ("1", "2")}),
        ({"email": "Ada@EXAMPLE.org"}, {"email": "Ada@example.org"}),
        ({"email": "ada@m\u00fcnchen.de"}, {"email": "ada@xn--mnchen-3ya.de"}),
        ({"email": "mailto:ada@example.org,"}, {"email": "ada@example.org"}),
        ({"headshot": "https://img.example.org/Ren\u00e9 1.png"}, {"headshot": "https://img.example.org/Ren%C3%A9%201.png"}),
        ({"logo": "n/a"}, {}),
    ],
    ids=ascii,
)  # fmt: skip
def test_rule_21_values_stored_by_an_earlier_version_are_unchanged(previous: Fields, now: Fields) -> None:
    assert canonical(previous) == canonical(now) == now


@pytest.mark.parametrize(
    ("previous", "now"),
    [
        ({"email": "ada@example.org"}, {"email": "Ada@example.org"}),
        ({"first_name": "Ada"}, {"first_name": "ada"}),
        ({"company_name": "Stra\u00dfe"}, {"company_name": "Strasse"}),
        ({"title": "a  b"}, {"title": "a b"}),
        ({"description": "a\nb"}, {"description": "a b"}),
        ({"tracks": ("a",)}, {"tracks": ("a", "b")}),
        ({"headshot": PICTURE}, {}),
    ],
)
def test_rule_21_visible_differences_are_changes(previous: Fields, now: Fields) -> None:
    assert canonical(previous) != canonical(now)


URLS = st.builds(
    "{}{}{}".format,
    st.sampled_from(("https://x.example/", "//x/", "https://\u00fc.example/a", "", "/")),
    st.text(st.sampled_from("a/\u00fc\u0301 %2f."), max_size=4),
    st.lists(
        st.sampled_from(
            (
                *"?&#);,.!' \"<>\\/",
                "&amp;",
                "&#x26;",
                "a=1",
                "sig=1",
                "sv=2",
                "//y?exp=1",
                f"s={IMGIX}",
                "token",
                "\u0338",
            )
        ),
        max_size=8,
    ).map("".join),
)


def encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


VALUES = ODD_TEXT | st.text(max_size=10) | URLS | st.builds("{}{}{}".format, ODD_TEXT, URLS, ODD_TEXT)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("title", "first_name", "name", "email", "headshot", "logo", "description"), VALUES),
        "tracks": st.lists(VALUES, max_size=3).map(tuple),
    },
)


@given(FIELDS)
@example({"description": "//a?sig=1)?b=2&sig=3"})
@example({"description": "//a??"})
@example({"description": "//a?)&)&)"})
@example({"description": "//a?)&sig=1"})
@example({"headshot": "https://x.example/y?exp=1&#x26;?"})
@example({"description": "//a?b)&sig=1)&sig=2&)c"})
def test_rule_21_the_canonical_form_is_idempotent(fields: dict[str, Any]) -> None:
    once = canonical(fields)
    assert canonical(once) == once
    assert all(once.values())
    assert stable_text(stable_text(str(fields))) == stable_text(str(fields))


@given(FIELDS, st.randoms())
def test_rule_21_normal_form_and_order_of_fields_and_lists_are_ignored(
    fields: dict[str, Any], random: Any
) -> None:
    def another(value: Any) -> Any:
        if isinstance(value, str):
            return unicodedata.normalize(random.choice(("NFC", "NFD")), encodable(value))
        values = [another(each) for each in (*value, *value[:1])]
        random.shuffle(values)
        return tuple(values)

    pictures = {"headshot", "logo"}  # each form of a URL names another file
    names = [*fields]
    random.shuffle(names)
    rewritten = {name: another(fields[name]) for name in names if name not in pictures}
    again = {name: another(fields[name]) for name in fields if name not in pictures}
    assert canonical(rewritten) == canonical(again)


@given(*(ODD_TEXT | VALUES,) * 5)
def test_rule_21_a_speaker_sent_by_an_earlier_version_is_not_sent_again(
    first: str, last: str, email: str, job: str, headshot: str
) -> None:
    first, last, email, job, headshot = map(encodable, (first, last, email, job, headshot))
    made = Person(SourceId("p"), first, last, email=email, job_title=job, headshot=headshot)
    previous: dict[str, FieldValue] = {
        "first_name": first.strip(),
        "last_name": last.strip(),
        "name": " ".join(filter(None, (first.strip(), last.strip()))),
        "email": email.strip(),
        "job_title": job.strip(),
        "headshot": "" if is_heic(headshot) else headshot.strip(),
        "sessions": ("1",),
    }
    now, _ = speaker_fields(made, ("1",))
    assert canonical({name: value for name, value in previous.items() if value}) == canonical(now)


@given(ODD_TEXT, ODD_TEXT, st.lists(ODD_TEXT, max_size=3))
def test_rule_21_a_session_sent_by_an_earlier_version_is_not_sent_again(
    title: str, description: str, tags: list[str]
) -> None:
    title, description, *tags = map(encodable, (title, description, *tags))
    previous: Fields = {
        "title": title.strip(),
        "description": description.strip(),
        "tracks": tuple(sorted({tag.strip() for tag in tags})),
    }
    made = Session(SourceId("s"), title, description, tags=tuple(tags))
    now: dict[str, FieldValue | None] = {
        "title": made.title,
        "description": made.description,
        "tracks": made.tags,
    }
    assert canonical(previous) == canonical({name: value for name, value in now.items() if value})


def test_rule_21_sent_fields_are_canonical() -> None:
    sent = eligible(sessions_of(agenda(session("s", description="<p>x</p>", track="b")))["s"]).fields
    assert canonical(sent) == sent


_VALUES = st.one_of(
    ODD_TEXT,
    st.builds(
        "{}@{}".format,
        ODD_TEXT,
        st.sampled_from(("Example.ORG", "b\u00fccher.example", "xn--bcher-kva.example")),
    ),
    st.builds(
        "https://img.example.org/{}?{}&v={}#{}".format, ODD_TEXT, st.sampled_from(SIGNED), ODD_TEXT, ODD_TEXT
    ),
    st.builds(
        '<img src="https://img.example.org/a.png?{}&amp;v={}"> {}'.format,
        st.sampled_from(SIGNED),
        ODD_TEXT,
        ODD_TEXT,
    ),
)


@given(st.dictionaries(st.sampled_from(("title", "description", "email", "headshot", "tracks")), _VALUES))
def test_rule_21_mapped_fields_are_already_normalized(raw: dict[str, str]) -> None:
    person = Person(
        SourceId("p"), email=raw.get("email"), headshot=raw.get("headshot"), job_title=raw.get("title")
    )
    fields, _ = speaker_fields(person, ("1", "2"))
    assert unsigned(fields) == canonical(fields)
    session = Session(
        SourceId("s"), title=raw.get("title"), description=raw.get("description"), track=raw.get("tracks")
    )
    fields = session_fields(session, MappingSettings(), ZoneInfo("Europe/Paris"))
    assert unsigned(fields) == canonical(fields)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("/" * 3_000_000 + "?", id="slashes"),
        pytest.param(f'<img src="data:image/png;base64,{"Ab0//+" * 800_000}"> Why?', id="a pasted picture"),
        pytest.param("http://" * 400_000 + "?", id="schemes"),
        pytest.param("//a?" * 300_000, id="queries"),
        pytest.param("//a?sig=1)" * 300_000, id="signatures"),
        pytest.param("//a" + "?sig=1)" * 300_000, id="queries of one"),
        pytest.param("//a?" + ")&" * 300_000, id="brackets"),
        pytest.param("//a " * 300_000, id="addresses"),
    ],
)
def test_rule_29_megabytes_of_text_are_handled_quickly(text: str) -> None:
    assert stable_text(text)


def test_rule_21_signatures_in_a_description_with_brackets_in_them_are_found() -> None:
    described = '<img src="https://img.example.org/a(1).png?name=a(1)&X-Amz-Signature=0f"> (https://x.example/?sig=1).'
    assert canonical({"description": described}) == {
        "description": '<img src="https://img.example.org/a(1).png?name=a(1)"> (https://x.example/).'
    }
