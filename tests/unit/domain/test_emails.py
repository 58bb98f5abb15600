"""Valid e-mail addresses, and which two are equal (rules 14 to 16 and 18)."""

import unicodedata

import email_validator
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.domain.access.accounts import Account
from core.domain.email import (
    ascii_domain,
    clean_email,
    comparable_email,
    is_address,
    is_masked,
    normalize_email,
)
from core.domain.ids import AccountId
from core.domain.records.kinds import EXHIBITOR_CONTACT
from tests.support.builders import (
    NOW,
    Verdict,
    agenda,
    at,
    blocked,
    eligible,
    exhibitor,
    exhibitor_list,
    foreign,
    gleanin,
    on,
    person,
    primary,
    selected,
    session,
    speakers_of,
)

PASTED = [
    " ada@example.org\u00a0",
    "mailto:ada@example.org",
    "MAILTO:ada@example.org?subject=Your%20talk&cc=x@example.org",
    "mailto:ada%40example.org",
    "<ada@example.org>",
    "Ada <ada@example.org>",
    '"Lovelace, Ada" <ada@example.org>;',
    "ada@example.org <mailto:ada@example.org>",
    "<mailto:ada@example.org>,",
    "ada@example.org,",
    "ada@example.org; ",
    "ada@example.org.",
    "'ada@example.org'",
    '"ada@example.org"',
    "\u201cada@example.org\u201d",
    "\u00abada@example.org\u00bb",
    "(ada@example.org)",
    "[ada@example.org]",
    "ada@example.org\u200b",
    "\ufeffa\u00add\u2060a@exam\u200bple.org",
    "\u202aada@example.org\u202c",
    "a\u200dda@example.org",
    "\tada@example.org\r\n",
]
NONE = [
    "a@b..c",
    "nowhere",
    "x@y z",
    "ada",
    "ada@",
    "@example.org",
    "a b@example.org",
    "a@b@example.org",
    ".a@example.org",
    "a.@example.org",
    "a..b@example.org",
    "a@-example.org",
    "a@example.org-",
    "a@example",
    "a@localhost",
    "a@example.test",
    "a@[192.0.2.1]",
    '"a b"@example.org',
    "a@example.org, b@example.org",
    "a@example.org\nb@example.org",
    "Ada <nowhere>",
    "mailto:",
    "a\ufffd@example.org",
    "a@xn--a.org",
    "a@\u2488com.org",
    "x" * 250 + "@example.org",
    "x" * 100_000 + "@example.org",
]


def verdict_on(email: str) -> Verdict:
    return speakers_of(agenda(session("s", on(person(email=email)))))["ada"]


@pytest.mark.parametrize("text", PASTED, ids=ascii)
def test_rule_15_an_e_mail_is_extracted_from_pasted_text(text: str) -> None:
    assert person(email=text).email == "ada@example.org"
    assert eligible(verdict_on(text)).fields["email"] == "ada@example.org"


@pytest.mark.parametrize("text", NONE, ids=lambda text: ascii(text[:30]))
def test_rule_15_an_invalid_e_mail_is_blocked_with_its_value(text: str) -> None:
    reason = blocked(verdict_on(text)).reason
    assert reason.code == "not_an_address"
    assert (
        ascii(text[:20])[1:-1].replace("\\n", " ")
        in reason.sentence.encode("ascii", "backslashreplace").decode()
    )


@pytest.mark.parametrize(
    "email",
    [
        "Ada.Lovelace+talks@Mail.Example.ORG",
        "o'brien@example.org",
        "j*n@example.org",
        "jos\u00e9@example.org",
        "\u0431\u0430\u0431\u0431\u044d\u0434\u0436@example.org",
        "ada@m\u00fcnchen.de",
        "ada@xn--mnchen-3ya.de",
        "a@a.museum",
    ],
)
def test_rule_15_an_e_mail_is_sent_as_written(email: str) -> None:
    assert clean_email(email) == email
    assert eligible(verdict_on(email)).fields["email"] == email


def test_rule_15_a_domain_in_full_width_letters_is_sent_as_in_dns() -> None:
    assert clean_email("ada@\uff45xample\u3002org") == "ada@example.org"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ADA@Example.ORG", "ada@example.org"),
        ("ren\u00e9@example.org", "rene\u0301@example.org"),
        ("REN\u00c9@example.org", "ren\u00e9@example.org"),
        ("ada@m\u00fcnchen.de", "ada@xn--mnchen-3ya.de"),
        ("ada@M\u00dcNCHEN.de", "ada@XN--MNCHEN-3YA.de"),
        ("ada@mu\u0308nchen.de", "ada@m\u00fcnchen.de"),
        ("ada@stra\u00dfe.de", "ada@xn--strae-oqa.de"),
        ("a\u200bda@exam\u00adple.org\ufeff", "ada@example.org"),
        (" ada@example.org ", "ada@example.org"),
    ],
    ids=ascii,
)
def test_rule_15_two_spellings_of_one_e_mail_are_equal(one: str, other: str) -> None:
    assert normalize_email(one) == normalize_email(other)
    old, young = person("zoe", email=one, created_at=at(1)), person("ann", email=other, created_at=at(2))
    verdicts = speakers_of(agenda(session("s", on(young), on(old))))
    eligible(verdicts["zoe"])
    assert blocked(verdicts["ann"]).reason.code == "same_email"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("stra\u00dfe@example.org", "strasse@example.org"),
        ("ada@stra\u00dfe.de", "ada@strasse.de"),
        ("\ufb01n@example.org", "fin@example.org"),  # a ligature, which NFKC decomposes
        ("\uff41da@example.org", "ada@example.org"),
        ("ada@example.org", "ada@example.com"),
        ("ada+1@example.org", "ada@example.org"),
    ],
)
def test_rule_15_similar_e_mails_are_different(one: str, other: str) -> None:
    assert normalize_email(one) != normalize_email(other)
    verdicts = speakers_of(agenda(session("s", on(person("zoe", email=one)), on(person("ann", email=other)))))
    assert {eligible(verdict).fields["email"] for verdict in verdicts.values()} == {one, other}


def test_rule_15_both_people_of_one_mailbox_are_named_with_the_e_mail_as_written() -> None:
    people = [
        person(name, email=f"ada@{domain}")
        for name, domain in (("z", "m\u00fcnchen.de"), ("a", "M\u00fcnchen.de"))
    ]
    reason = blocked(speakers_of(agenda(session("s", *map(on, people))))["z"]).reason
    assert "ada@m\u00fcnchen.de" in reason.sentence


def test_rule_15_exhibitor_contacts_are_compared_and_cleaned_alike() -> None:
    one, other = person("a", email="Ada <ada@xn--mnchen-3ya.de>"), person("z", email="ada@m\u00fcnchen.de")
    made = exhibitor_list(exhibitor("acme", primary(one)), exhibitor("umbrella", primary(other)))
    verdicts = selected(made, EXHIBITOR_CONTACT)
    assert eligible(verdicts["a"]).fields["email"] == "ada@xn--mnchen-3ya.de"
    assert blocked(verdicts["z"]).reason.code == "same_email"


def test_rule_19_a_contact_in_gleanin_is_found_by_every_spelling_of_its_e_mail() -> None:
    side = gleanin([foreign("x1", "rene\u0301@M\u00fcnchen.de")])
    assert [each.destination_id for each in side.contacts_with("REN\u00c9@xn--mnchen-3ya.de")] == ["x1"]


@pytest.mark.parametrize("email", ["j***@a***.com", " j***@a***.com\u200b", "**@example.org"])
def test_rule_16_a_masked_e_mail_is_recognized(email: str) -> None:
    assert is_masked(person(email=email).email)
    assert agenda(session("s", on(person(email=email)))).masked == person(email=email).email


def test_rule_21_the_case_of_the_local_part_is_a_change() -> None:
    assert comparable_email("Ada@Example.ORG") == "Ada@example.org" != comparable_email("ada@example.org")
    assert comparable_email("ada@M\u00fcnchen.de") == comparable_email("ada@xn--mnchen-3ya.de")
    assert comparable_email("nowhere") == "nowhere"


def test_a_domain_is_written_as_in_dns() -> None:
    assert ascii_domain("b\u00fccher.de") == "xn--bcher-kva.de"
    assert ascii_domain("stra\u00dfe") == "xn--strae-oqa"
    assert ascii_domain("b\u00fccher..de") is None
    assert ascii_domain("\u00fc" * 300) is None


def test_an_account_can_have_an_intranet_e_mail() -> None:
    assert Account(AccountId("a"), "admin@localhost", None, NOW).email == "admin@localhost"


ATOM = st.text(st.sampled_from("abcXYZ019!#$%&'*+-/=?^_`{|}~."), max_size=8)
LABELS = st.text(st.sampled_from("abXY09-_."), max_size=8)
TOPS = st.sampled_from(
    ("org", "ORG", "o", "0", "c0m", "com-", "test", "LOCAL", "arpa", "xn--p1ai", "a1", "1a", "")
)
NEARLY = st.builds("{}@{}.{}".format, ATOM, LABELS, TOPS)
ANY = st.text(max_size=20) | st.text(
    st.sampled_from("aB\u00e9\u0301\u00df\u0130\u200b\ufeff\ud800 .@<>,;'\"()[]%mailto:?-"), max_size=20
)


def by_the_library(email: str) -> email_validator.ValidatedEmail | None:
    try:
        return email_validator.validate_email(email, check_deliverability=False)
    except email_validator.EmailNotValidError:
        return None


@given(NEARLY)
@example("a" * 242 + "@example.org")
@example("a" * 243 + "@example.org")
@example("a@" + "b" * 63 + ".org")
@example("a@" + "b" * 64 + ".org")
@example("a@ab--cd.org")
def test_rule_15_plain_e_mails_are_validated_as_by_the_library(email: str) -> None:
    found = by_the_library(email)
    assert is_address(email) == (found is not None)
    if found:
        assert clean_email(email) == email
        assert normalize_email(email) == f"{found.local_part.lower()}@{found.ascii_domain}"
        assert comparable_email(email) == f"{email.rpartition('@')[0]}@{found.ascii_domain}"


def test_the_special_use_domains_are_the_librarys() -> None:
    for name in email_validator.SPECIAL_USE_DOMAIN_NAMES:
        assert not is_address(f"a@example.{name.upper()}")


@given(ANY | NEARLY)
def test_rule_15_any_text_can_be_searched_for(text: str) -> None:
    mailbox = normalize_email(text)
    assert normalize_email(mailbox) == mailbox == unicodedata.normalize("NFC", mailbox)
    cleaned = clean_email(text)
    assert clean_email(cleaned) == cleaned
    assert cleaned is None or (cleaned.strip() == cleaned and cleaned.encode())
    assert comparable_email(cleaned or "") == comparable_email(text)
