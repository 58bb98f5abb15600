"""Rule 38 on the command line: choose or order a field, preview, write links back, and see where they are."""

import pytest

from adapters.memory.link_writer import CONTACTS, EXHIBITORS, InMemoryLinkHolders, InMemoryLinkWriters
from core.domain.links.link_homes import LinkField
from ports.link_writer import LinkQuotaUsedUp, LinkWriteForbidden, LinkWriteUnknown
from ports.source import SourceError, SourceUnavailable
from tests.e2e.cli.conftest import CommandLine, Mapper
from tests.support.link_source import COMPANY_FIELD, FIELD, add_holders, use_link_writers

NO_LINKS = {"written": 0, "unchanged": 0, "kept": 0, "failed": 0}
MINE = "https://somebody.example.org/mine"
DOWN = SourceUnavailable("Sessionboard does not respond.")


@pytest.fixture
def writers(monkeypatch: pytest.MonkeyPatch) -> InMemoryLinkWriters:
    writers = use_link_writers(monkeypatch)
    add_holders(
        writers.source, "person-1", "person-2", "contact-1", company="exhibitor-1", primary="contact-1"
    )
    return writers


@pytest.fixture
def source(writers: InMemoryLinkWriters) -> InMemoryLinkHolders:
    return writers.source


@pytest.fixture
def linked(cli: CommandLine, source: InMemoryLinkHolders, mapping: str) -> str:
    """Return a mapping whose people have links, with a field chosen and nothing written."""
    assert cli("sync", mapping).exit_code == 4
    assert cli("settings", mapping, "--link-field", FIELD).exit_code == 0
    assert not source.writes
    return mapping


def test_rule_33_nothing_is_written_back_before_a_field_is_chosen(
    cli: CommandLine, mapping: str, source: InMemoryLinkHolders
) -> None:
    settings = cli.json("settings", mapping).document
    names = ("link_field", "company_link_field", "link_campaign")
    assert [settings[name] for name in names] == [None, None, None]
    cli("sync", mapping)
    for options in ((), ("--preview",)):
        refused = cli("links", mapping, "--write-back", *options)
        assert refused.exit_code == 3
        assert "is off for this mapping" in refused.err
        assert "gleanin-sync link-fields MAPPING" in refused.err
    assert cli.json("links", mapping, "--write-back").document["error"]["code"] == "write_back_off"
    assert (source.writes, source.pages_read) == (0, 0)


def test_rule_38_the_fields_are_listed_and_the_chosen_one_is_marked(
    cli: CommandLine, linked: str, source: InMemoryLinkHolders
) -> None:
    assert cli.json("link-fields", linked).document == {
        "link_field": FIELD,
        "company_link_field": None,
        "link_campaign": None,
        "fields": [
            {"internal_name": FIELD, "public_name": "Gleanin Link"},
            {"internal_name": "bio", "public_name": "Bio"},
        ],
        "company_fields": [{"internal_name": COMPANY_FIELD, "public_name": "Company Link"}],
        "campaigns": cli.json("link-fields", linked).document["campaigns"],
    }
    lines = cli("link-fields", linked).out.splitlines()
    marked = [line.split()[0] for line in lines if line.rstrip().endswith("yes")]
    assert marked == [FIELD]
    source.fields.clear()
    assert f"gleanin-sync link-fields {linked} --order" in cli("link-fields", linked).out


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--order",), (CONTACTS, "Gleanin Link", "--link-field")),
        (("--order", "Our link"), (CONTACTS, "Our link", "--link-field")),
        (("--order", "Ours", "--for-companies"), (EXHIBITORS, "Ours", "--company-link-field")),
    ],
)
def test_rule_38_a_field_is_ordered_once_and_how_to_choose_it_is_told(
    cli: CommandLine,
    mapping: str,
    source: InMemoryLinkHolders,
    options: tuple[str, ...],
    expected: tuple[str, str, str],
) -> None:
    holder, name, option = expected
    source.fields.clear()
    first = cli("link-fields", mapping, *options)
    ((made_for, (field,)),) = source.fields.items()
    assert (made_for, field.public_name, first.exit_code) == (holder, name, 0)
    assert f"gleanin-sync settings {mapping} {option} {field.internal_name}" in first.out
    again = cli.json("link-fields", mapping, *options)
    assert again.document == {
        "internal_name": field.internal_name,
        "public_name": name,
        "is_new": False,
    }
    assert [len(fields) for fields in source.fields.values()] == [1]


def test_rule_38_an_order_that_is_not_listed_yet_is_told_and_not_repeated(
    cli: CommandLine, mapping: str, source: InMemoryLinkHolders
) -> None:
    source.errors = [LinkWriteUnknown("The answer was lost.")]
    for _ in range(2):
        refused = cli.json("link-fields", mapping, "--order", "New")
        assert (refused.exit_code, refused.document["error"]["code"]) == (3, "field_ordered")
        assert "already ordered" in refused.document["error"]["message"]
    assert not any(field.public_name == "New" for field in source.fields[CONTACTS])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LinkWriteForbidden("The token lacks the scope write:fields."), "scope_missing"),
        (LinkQuotaUsedUp("Sessionboard accepts no more writes today."), "quota_used_up"),
    ],
)
def test_rule_38_an_order_that_is_refused_says_why(
    cli: CommandLine, mapping: str, source: InMemoryLinkHolders, error: SourceError, code: str
) -> None:
    source.errors = [error]
    refused = cli.json("link-fields", mapping, "--order", "New")
    assert (refused.exit_code, refused.document["error"]["code"]) == (5, code)
    assert refused.document["error"]["message"] == str(error)


def test_rule_38_of_several_fields_of_one_name_the_internal_names_are_listed(
    cli: CommandLine, mapping: str, source: InMemoryLinkHolders
) -> None:
    source.fields[CONTACTS].append(LinkField("gleanin_link_2", "Gleanin Link"))
    for refused in (
        cli("settings", mapping, "--link-field", "Gleanin Link"),
        cli("link-fields", mapping, "--order"),
    ):
        assert refused.exit_code == 3
        assert f"Gleanin Link ({FIELD}), Gleanin Link (gleanin_link_2)" in refused.err
    unknown = cli("settings", mapping, "--link-field", "nonsense")
    assert unknown.exit_code == 3
    assert "Bio (bio)" in unknown.err


def test_rule_38_switching_it_on_tells_what_the_next_sync_writes(
    cli: CommandLine, mapping: str, source: InMemoryLinkHolders
) -> None:
    source.edit(CONTACTS, "person-2", FIELD, MINE)
    cli("sync", mapping)
    shown = cli("settings", mapping, "--link-field", "Gleanin Link", "--company-link-field", COMPANY_FIELD)
    assert shown.exit_code == 0
    assert "The next sync writes 3 share links to Sessionboard; 1 would not be written" in shown.out
    assert f"gleanin-sync links {mapping} --write-back --preview" in shown.out
    assert not source.writes
    document = cli.json("settings", mapping).document
    assert (document["link_field"], document["company_link_field"]) == (FIELD, COMPANY_FIELD)
    assert "The next sync writes" not in cli("settings", mapping, "--moderators", "off").out
    off = cli.json("settings", mapping, "--link-field", "off").document
    assert (off["link_field"], off["company_link_field"]) == (None, None)


@pytest.mark.usefixtures("writers")
def test_rule_38_a_preview_that_fails_leaves_the_settings_saved(
    cli: CommandLine, mapping: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise DOWN

    monkeypatch.setattr("core.usecases.shared.write_back.WriteBack.preview", fails)
    saved = cli("settings", mapping, "--link-field", FIELD)
    assert saved.exit_code == 0
    assert (
        "The setting is saved. What it would write is not known: Sessionboard does not respond." in saved.out
    )
    assert cli.json("settings", mapping).document["link_field"] == FIELD


def test_rule_38_a_preview_has_the_outcomes_of_the_write_back(
    cli: CommandLine, linked: str, source: InMemoryLinkHolders
) -> None:
    source.edit(CONTACTS, "person-2", FIELD, MINE)
    preview = cli.json("links", linked, "--write-back", "--preview")
    assert preview.exit_code == 0
    assert preview.document.keys() == {"counts", "links"}
    assert preview.document["counts"] == NO_LINKS | {"written": 2, "kept": 1}
    assert not source.writes
    shown = cli("links", linked, "--write-back", "--preview").out
    assert "Nothing was written." in shown
    written = cli.json("links", linked, "--write-back")
    assert written.exit_code == 0
    assert written.document["counts"] == preview.document["counts"]
    by_id = {link["source_id"]: link for link in written.document["links"]}
    assert by_id["person-2"] == {
        "kind": "speaker",
        "source_id": "person-2",
        "name": "=HYPERLINK(1) Lovelace",
        "outcome": "kept",
        "reason": "Somebody else entered a value in Sessionboard, so it was kept. "
        "To have the link written there, clear the field in Sessionboard.",
    }
    assert source.value(CONTACTS, "person-2", FIELD) == MINE
    links = {person["source_id"]: person["links"] for person in cli.json("links", linked).document}
    assert source.value(CONTACTS, "person-1", FIELD) == links["person-1"][0]["url"]


def test_rule_38_writing_twice_writes_once(
    cli: CommandLine, linked: str, source: InMemoryLinkHolders
) -> None:
    cli("links", linked, "--write-back")
    writes = source.writes
    assert cli.json("links", linked, "--write-back").document["counts"] == NO_LINKS | {"unchanged": 3}
    assert source.writes == writes


def test_rule_38_links_that_fail_end_with_4_and_their_reason(
    cli: CommandLine, linked: str, source: InMemoryLinkHolders
) -> None:
    source.refused["person-1"] = "The value is too long."  # type: ignore[index]
    failed = cli("links", linked, "--write-back")
    assert failed.exit_code == 4
    assert "Sessionboard refused the link. The value is too long." in failed.out
    assert "2 written, 0 unchanged, 0 kept, 1 failed" in failed.out
    source.errors = [LinkWriteForbidden("The token lacks the scope write:contacts.")]
    forbidden = cli.json("links", linked, "--write-back")
    assert forbidden.exit_code == 4
    reasons = {link["reason"] for link in forbidden.document["links"] if link["outcome"] == "failed"}
    assert reasons == {"The token may not write links. The token lacks the scope write:contacts."}


def test_rule_38_what_could_not_be_read_is_a_problem(
    cli: CommandLine, linked: str, source: InMemoryLinkHolders
) -> None:
    cli("settings", linked, "--company-link-field", COMPANY_FIELD)
    source.unreadable = DOWN
    failed = cli.json("links", linked, "--write-back")
    assert failed.exit_code == 4
    assert failed.document["counts"] == NO_LINKS | {"failed": 3}
    (problem,) = failed.document["problems"]
    assert "Sessionboard does not respond." in problem
    assert problem in cli("links", linked, "--write-back").out


def test_rule_38_a_run_has_its_links_apart_from_its_records(
    cli: CommandLine, linked: str, source: InMemoryLinkHolders
) -> None:
    source.edit(CONTACTS, "person-2", FIELD, MINE)
    run = cli.json("sync", linked).document
    assert "Share links in Sessionboard: 2 written, 1 kept." in run["message"]
    document = cli.json("run", run["run_id"]).document
    assert document["counts"] == run["counts"]
    assert document["links"]["counts"] == NO_LINKS | {"written": 2, "kept": 1}
    assert len(document["links"]["links"]) == 3
    assert len(document["outcomes"]) == 7
    shown = cli("run", run["run_id"]).out
    assert "Share links in Sessionboard: 2 written, 0 unchanged, 1 kept, 0 failed" in shown
    section = shown.partition("Share links that were not written")[2]
    assert "=HYPERLINK(1) Lovelace" in section
    assert "Linus" not in section


def test_rule_38_a_run_without_a_write_back_has_no_section_for_links(
    cli: CommandLine, mapping: str, source: InMemoryLinkHolders
) -> None:
    run = cli.json("sync", mapping).document["run_id"]
    assert cli.json("run", run).document["links"] == {"counts": NO_LINKS, "links": []}
    assert "Share links" not in cli("run", run).out
    assert not source.requests


def test_rule_38_a_failed_link_is_no_problem_of_the_sync(
    cli: CommandLine, map_event: Mapper, source: InMemoryLinkHolders
) -> None:
    mapping = map_event("Clean 2099")
    cli("settings", mapping, "--link-field", FIELD)
    source.unreadable = DOWN
    result = cli.json("sync", mapping)
    assert (result.exit_code, result.document["state"]) == (0, "completed")
    assert "1 failed" in result.document["message"]


def test_rule_38_where_a_persons_link_is_stands_with_the_person(
    cli: CommandLine, linked: str, source: InMemoryLinkHolders
) -> None:
    assert "Share link in Sessionboard: not written yet." in cli("record", linked, "person-1").out
    source.edit(CONTACTS, "person-2", FIELD, MINE)
    cli("sync", linked)
    assert "Share link in Sessionboard: written." in cli("record", linked, "grace@example.org").out
    assert "Share link in Sessionboard: kept. Somebody else" in cli("record", linked, "person-2").out
    assert "Share link" not in cli("record", linked, "session-1").out
    earlier, newest = cli.json("record", linked, "person-2").document
    assert earlier["written_back"] is None
    assert newest["written_back"]["outcome"] == "kept"
    shown = cli("links", linked).out
    assert [shown.count(f"in Sessionboard: {outcome}") for outcome in ("written", "kept")] == [2, 1]


def test_rule_38_the_status_tells_whether_links_are_written_back(cli: CommandLine, linked: str) -> None:
    assert cli.json("status").document[0]["write_back"] == 1
    assert "1 writing share links back" in cli("status").out
    cli("settings", linked, "--link-field", "off")
    assert cli.json("status").document[0]["write_back"] == 0
    assert "share links" not in cli("status").out


def test_rule_38_a_source_that_takes_no_links_says_so(
    cli: CommandLine, mapping: str, writers: InMemoryLinkWriters
) -> None:
    writers.homes_by_kind = {}
    sentence = "Sessionboard takes no share links, so "
    assert sentence in cli("settings", mapping).out
    for refused in (
        cli.json("link-fields", mapping),
        cli.json("link-fields", mapping, "--order"),
        cli.json("settings", mapping, "--link-field", FIELD),
        cli.json("links", mapping, "--write-back"),
    ):
        error = refused.document["error"]
        assert (refused.exit_code, error["code"]) == (3, "links_not_taken")
        assert error["message"].startswith(sentence)
