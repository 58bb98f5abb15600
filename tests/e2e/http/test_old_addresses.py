"""URLs of runs that an upgrade removed: they redirect to the run that replaced them."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from entrypoints.cli.main import run as command_line
from tests.e2e.http.conftest import Served
from tests.e2e.http.steps import events_in
from tests.support.http_fixtures import ADMIN, STRANGER, VIEWER

OLD, STRANGERS_OLD, NONE = "oldrun000001", "oldrun000002", "oldrun000003"
PARTS = ("", "/progress", "/outcomes", "/outcomes.csv", "/outcomes?outcome=blocked&kind=speaker")


def database(served: Served) -> Path:
    return served.seeded_database.folder / "sync.db"


@pytest.fixture(scope="module")
def upgraded(served: Served) -> Served:
    """Serve a database in which an upgrade replaced an old run of each organization."""
    with closing(sqlite3.connect(database(served))) as connection:
        connection.executemany(
            "INSERT INTO replaced_runs (id, run_id) VALUES (?, ?)",
            [(OLD, served.acme.run), (STRANGERS_OLD, served.stranger.run)],
        )
        connection.commit()
    return served


def refused(answer: httpx.Response, run: str) -> tuple[int, str]:
    assert run in answer.text
    return answer.status_code, answer.text.replace(run, "RUN")


@pytest.mark.parametrize("role", [ADMIN, VIEWER])
@pytest.mark.parametrize(
    "rest",
    ["", "?outcome=blocked&q=prince%20x", "/outcomes.csv", "/outcomes.csv?outcome=blocked", "/progress"],
)
def test_a_page_of_an_old_run_leads_to_that_of_the_run_in_its_place(
    upgraded: Served, role: str, rest: str
) -> None:
    browser, run = upgraded.signed_in(role), upgraded.acme.run
    answer = browser.get(f"/runs/{OLD}{rest}")
    assert (answer.status_code, answer.headers["Location"]) == (308, f"/runs/{run}{rest}")
    followed = browser.get(f"/runs/{OLD}{rest}", follow_redirects=True)
    assert followed.status_code == 200
    assert followed.url.path.startswith(f"/runs/{run}")
    if "csv" in rest:
        assert followed.content == browser.get(f"/runs/{run}{rest}").content


def test_whoever_is_not_signed_in_signs_in_first(upgraded: Served) -> None:
    answer = upgraded.browser().get(f"/runs/{OLD}?outcome=blocked")
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/sign-in?next=%2Fruns%2F{OLD}%3Foutcome%3Dblocked"


@pytest.mark.parametrize("part", ["", "/progress", "/outcomes.csv"])
def test_a_strangers_old_run_has_no_page(upgraded: Served, part: str) -> None:
    for role, foreign in ((ADMIN, STRANGERS_OLD), (STRANGER, OLD)):
        browser = upgraded.signed_in(role)
        answers = [browser.get(f"/runs/{each}{part}") for each in (foreign, NONE)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert not any("Location" in answer.headers for answer in answers)


def test_the_api_answers_with_the_run_in_its_place(upgraded: Served) -> None:
    client, run = upgraded.client(VIEWER), upgraded.acme.run
    assert client.get(f"/runs/{OLD}").raise_for_status().json()["run_id"] == run
    for part in PARTS:
        old, new = (client.get(f"/runs/{each}{part}").raise_for_status() for each in (OLD, run))
        assert (old.status_code, old.text) == (200, new.text), part
    with client.stream("GET", f"/runs/{OLD}/progress") as answer:
        events = [(name, document["run_id"]) for name, document in events_in(answer.iter_lines())]
    assert events == [("ended", run)]


@pytest.mark.parametrize("part", PARTS)
def test_a_strangers_old_run_is_none_for_an_api_key(upgraded: Served, part: str) -> None:
    for role, foreign in ((ADMIN, STRANGERS_OLD), (STRANGER, OLD)):
        client = upgraded.client(role)
        answers = [refused(client.get(f"/runs/{each}{part}"), each) for each in (foreign, NONE)]
        assert answers[0] == answers[1]
        assert answers[0][0] == 404
    assert upgraded.client().get(f"/runs/{OLD}{part}").status_code == 401


def test_the_command_line_shows_the_run_in_its_place(
    upgraded: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("GLEANIN_SYNC_DATABASE_URL", f"sqlite:///{database(upgraded)}")
    run = upgraded.acme.run

    def printed(*command: str) -> str:
        capsys.readouterr()
        assert command_line(command) == 0
        return capsys.readouterr().out

    def document(*command: str) -> Any:
        return json.loads(printed(*command, "--json"))

    assert document("run", OLD) == document("run", run)
    assert document("run", OLD)["run_id"] == run
    assert printed("run", OLD, "--outcome", "blocked") == printed("run", run, "--outcome", "blocked")
    files = [tmp_path / f"{each}.csv" for each in (OLD, run)]
    for file in files:
        printed("run", file.stem, "--csv", str(file))
    assert files[0].read_bytes() == files[1].read_bytes()
    capsys.readouterr()
    assert command_line(["run", NONE]) == 3
