"""What plug-ins raise: it concerns one record, or stops one run, and names the package that did it."""

from typing import Any

from tests.e2e.plugins.conftest import BOX_EVENT, SHELF, Program, Result
from tests.support.toy_server import ToyServer

SENT_TO_AUTHORS = "Report this to its authors."


def sessions(toys: ToyServer) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = toys.state.box[BOX_EVENT]["sessions"]
    return rows


def outcome_of(program: Program, run: Result, source_id: str) -> dict[str, Any]:
    outcomes = program.done("run", run.document["run_id"])["outcomes"]
    found: dict[str, Any] = next(outcome for outcome in outcomes if outcome["source_id"] == source_id)
    return found


def check_no_internal_error(program: Program) -> None:
    for result in program.results:
        assert result.exit_code != 1, result
        for text in (result.out.lower(), result.err.lower()):
            assert "internal error" not in text
            assert "traceback" not in text


def test_rule_43_a_raise_in_the_source_stops_the_run_and_names_its_package(
    program: Program, toys: ToyServer, mapping: str
) -> None:
    sessions(toys)[1]["title"] = "explode"
    run = program.json("sync", mapping)
    sentence = f"toy-source failed: ZeroDivisionError: the toy broke. {SENT_TO_AUTHORS}"
    assert (run.exit_code, run.document["state"], run.document["code"]) == (5, "stopped", "plugin_failed")
    assert sentence in run.document["message"]
    assert toys.state.writes == []
    preview = program("preview", mapping)
    assert preview.exit_code == 5
    assert sentence in " ".join(preview.err.split())
    check_no_internal_error(program)
    sessions(toys)[1]["title"] = "mended"
    assert program.json("sync", mapping).exit_code == 0


def test_rule_43_a_raise_in_one_row_makes_that_row_unreadable_and_names_the_package_of_the_kind(
    program: Program, toys: ToyServer, mapping: str
) -> None:
    toys.state.box[BOX_EVENT]["helpers"].insert(0, {"id": "h3", "email": "nameless@example.org"})
    run = program.json("sync", mapping)
    assert (run.exit_code, run.document["state"]) == (4, "completed_with_problems")
    helpers = run.document["counts"]["helpers"]
    assert (helpers["created"], helpers["blocked"]) == (2, 1)
    unreadable = outcome_of(program, run, "h3")
    assert unreadable["outcome"] == "blocked"
    assert "toy-kind cannot read it: KeyError: 'name'." in unreadable["reason"]
    assert "nameless@example.org" not in unreadable["reason"]
    check_no_internal_error(program)


def test_rule_43_a_raise_in_the_destination_concerns_one_record_and_names_its_package(
    program: Program, toys: ToyServer, mapping: str
) -> None:
    sessions(toys)[0]["title"] = "break the shelf"
    run = program.json("sync", mapping)
    assert (run.exit_code, run.document["state"]) == (4, "completed_with_problems")
    failed = outcome_of(program, run, "s0")
    assert failed["outcome"] == "failed"
    assert failed["code"] == "plugin_failed"
    assert failed["reason"] == (
        f"It was not sent: toy-destination failed: ZeroDivisionError: the shelf broke. {SENT_TO_AUTHORS}"
    )
    assert sorted(record["name"] for record in toys.state.records(SHELF, "talks")) == ["Talk 1", "Talk 2"]
    check_no_internal_error(program)
    sessions(toys)[0]["title"] = "Talk 0"
    mended = program.json("sync", mapping)
    assert mended.exit_code == 0, mended.out
    assert len(toys.state.records(SHELF, "talks")) == 3


def test_rule_43_what_a_destination_sent_before_it_raised_is_looked_up(
    program: Program, toys: ToyServer, mapping: str
) -> None:
    sessions(toys)[0]["title"] = "drop it"
    run = program.json("sync", mapping)
    assert run.exit_code == 0, run.out
    assert outcome_of(program, run, "s0")["outcome"] == "created"
    assert len(toys.state.records(SHELF, "talks")) == 3
    sessions(toys)[0]["title"] = "Talk 0"
    sessions(toys)[1]["title"] = "drop it"
    again = program.json("sync", mapping)
    assert again.exit_code != 0
    failed = outcome_of(program, again, "s1")
    assert failed["outcome"] == "failed"
    assert "toy-destination failed: ZeroDivisionError: the shelf broke later." in failed["reason"]
    check_no_internal_error(program)


def helpers(toys: ToyServer) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = toys.state.box[BOX_EVENT]["helpers"]
    return rows


def test_rule_34_a_row_that_a_kind_cannot_add_is_unreadable_and_nothing_counts_as_gone(
    program: Program, toys: ToyServer, mapping: str
) -> None:
    program.done("sync", mapping)
    helpers(toys)[:] = [{"id": "h3", "name": "Break the rows", "email": "h3@example.org"}, helpers(toys)[1]]
    run = program.json("sync", mapping)
    assert (run.exit_code, run.document["state"]) == (4, "completed_with_problems")
    unreadable = outcome_of(program, run, "h3")
    assert unreadable["outcome"] == "blocked"
    assert "toy-kind cannot use it: ZeroDivisionError: the helpers broke." in unreadable["reason"]
    kept = outcome_of(program, run, "h1")
    assert (kept["outcome"], kept["code"]) == ("kept", "not_all_read")
    assert outcome_of(program, run, "h2")["outcome"] == "unchanged"
    check_no_internal_error(program)


def test_rule_43_a_raise_in_a_kind_stops_the_run_names_its_package_and_leaves_no_record_without_outcome(
    program: Program, toys: ToyServer, mapping: str
) -> None:
    helpers(toys).append({"id": "h3", "name": "Break the list", "email": "h3@example.org"})
    preview = program("preview", mapping)
    sentence = (
        f"Helpers cannot be synced: toy-kind failed: ZeroDivisionError: the list broke. {SENT_TO_AUTHORS}"
    )
    assert preview.exit_code == 5
    assert sentence in " ".join(preview.err.split())
    run = program.json("sync", mapping)
    assert (run.exit_code, run.document["state"], run.document["code"]) == (5, "stopped", "plugin_failed")
    assert sentence in run.document["message"]
    assert run.document["counts"]["sessions"]["created"] == 3
    assert run.document["counts"]["speakers"]["created"] == 3
    check_no_internal_error(program)
    helpers(toys).pop()
    again = program.json("sync", mapping)
    assert again.exit_code == 0, again.out
    assert len(toys.state.records(SHELF, "helpers")) == 2
