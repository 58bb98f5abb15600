"""The JSON API against its own OpenAPI document: hundreds of generated requests, valid and invalid.

Every route must answer them with a documented response, and never with an internal error.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from adapters.sessionboard.plugin import REGIONS
from tests.e2e.http.conftest import Served
from tests.support.http_fixtures import EVERYWHERE

SECONDS = 270
"""Seconds: more than needed on a busy machine."""
JUDGED_BY_OTHERS = {
    "notices_choose": "what an address may be, and whether there is a mail server",
    "organizations_add": "whether there is a Sessionboard at an address, and whether it knows a token",
    "organizations_replace_sessionboard_token": "whether Sessionboard knows a token",
    "organizations_connect": "whether Gleanin knows a token (rule 1)",
    "organizations_disconnect": "what the organization is called (rule 8)",
    "organizations_remove": "what the organization is called",
    "organizations_make_api_key": "which of all characters can be printed",
    "mappings_add": "whether both events have one time zone (rule 7)",
    "mappings_change": "which fields and campaigns there are for share links (rule 38)",
    "links_order_field": "what is left of a name without invisible characters, and what a token may do (rule 38)",
    "portal_make_portal_addresses": "that people are named, or all are asked for",
    "portal_revoke_portal_addresses": "that people are named, or all are asked for",
    "syncing_start": "for which scope an idempotency key was used before",
}
"""Operations that refuse requests which their schema allows, because the schema cannot express the check."""


def configured(served: Served, folder: Path) -> Path:
    """Write a configuration with existing ids for generated requests; another test covers unknown ids."""
    ids = {
        "organization_id": served.acme.organization,
        "mapping_id": served.acme.mapping,
        "run_id": served.acme.run,
        "key_id": served.acme.key,
        "source_id": served.acme.person,
        "record_id": served.acme.person,
        "kind": "speaker",
    }
    lines = ["[parameters]", *(f'"path.{name}" = "{value}"' for name, value in ids.items())]
    for operation, what in JUDGED_BY_OTHERS.items():
        lines += [
            f"[[operations]]  # the schema cannot express {what}",
            f'include-operation-id = "{operation}"',
            'checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "404", "409", "422", "502", "503"]',
            # 413: a body that is too long may be so large that it is not read at all.
            'checks.negative_data_rejection.expected-statuses = ["400", "401", "403", "404", "405", "409", "413", "422"]',
        ]
    lines += [
        "[[operations]]  # the tool applies the schema of each event to the whole stream",
        'include-operation-id = "runs_follow"',
        "checks.response_schema_conformance.enabled = false",
        "[[operations]]  # answers after removal, too: notifications are off, and the latest ones",
        'include-operation-id = "notices_read"',
        "checks.use_after_free.enabled = false",
    ]
    file = folder / "schemathesis.toml"
    file.write_text("\n".join(lines))
    return file


def attack(served: Served, folder: Path, *options: str, seconds: float) -> None:
    """Send the tool's generated requests, and fail with its report."""
    module = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"]
    arguments = ["--config-file", str(configured(served, folder)), "run", f"{served.url}/api/v1/openapi.json"]
    always = ["--seed", "1", "--no-color", "--generation-database", "none"]
    # It writes into the folder where it runs, and the machine's proxy is not asked for what is on this machine.
    ended = subprocess.run(
        [*module, *arguments, *always, *options],
        cwd=folder,
        env=os.environ | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.fixture(autouse=True)
def _no_other_machine_is_asked(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    for region in REGIONS:
        monkeypatch.setitem(REGIONS, region, served.seeded_database.sandbox.sessionboard_url)


def test_whatever_is_asked_with_a_key_for_everything_is_answered_as_documented(
    fresh: Served, tmp_path: Path
) -> None:
    attack(fresh, tmp_path, *_with_key(fresh), "--max-examples", "15", seconds=SECONDS)


def test_whatever_is_asked_without_a_key_is_answered_as_documented(fresh: Served, tmp_path: Path) -> None:
    attack(fresh, tmp_path, "--max-examples", "3", "--phases", "coverage,fuzzing", seconds=SECONDS)


@pytest.mark.long
@pytest.mark.parametrize("seed", [2, 3])
def test_thousands_of_requests_are_answered_as_documented(fresh: Served, tmp_path: Path, seed: int) -> None:
    many = ("--max-examples", "500", "--seed", str(seed))
    attack(fresh, tmp_path, *_with_key(fresh), *many, seconds=1200)


def _with_key(served: Served) -> tuple[str, ...]:
    return "--header", f"Authorization: Bearer {served.key(EVERYWHERE)}"


def documented(served: Served) -> Any:
    return served.client().get("/openapi.json").raise_for_status().json()


def test_the_document_is_as_openapi_3_1_has_it(served: Served) -> None:
    document = documented(served)
    assert document["openapi"].startswith("3.1.")
    assert [error.message for error in OPENAPI_31_VALIDATOR.iter_errors(document)] == []


def test_every_operation_is_described(served: Served) -> None:
    for path, operations in documented(served)["paths"].items():
        for method, operation in operations.items():
            assert operation.get("description", "").endswith("."), (method, path)


def test_the_events_of_a_run_are_described(served: Served) -> None:
    response = documented(served)["paths"]["/runs/{run_id}/progress"]["get"]["responses"]["200"]
    assert response["content"] == {"text/event-stream": {"schema": {"type": "string"}}}
    for each in ("`progress`", "`ended`", "`RunResponse`"):
        assert each in response["description"]


def test_an_answer_that_tells_a_location_is_documented_to(served: Served) -> None:
    """That they do tell it is seen where requests are made up: what is documented must be sent."""
    telling = {
        (operation["operationId"], status)
        for operations in documented(served)["paths"].values()
        for operation in operations.values()
        for status, answer in operation["responses"].items()
        if "Location" in answer.get("headers", {})
    }
    assert telling == {("organizations_add", "201"), ("mappings_add", "201"), ("syncing_start", "202")}


def test_every_operation_documents_the_problems_that_all_have(served: Served) -> None:
    for path, operations in documented(served)["paths"].items():
        for method, operation in operations.items():
            responses = operation["responses"]
            assert responses.keys() >= {"400", "401", "403", "404", "413", "422", "429", "503"}, (
                method,
                path,
            )
            for status, answer in responses.items():
                if status >= "4":
                    assert list(answer["content"]) == ["application/problem+json"], (method, path, status)


def test_no_two_operations_have_the_same_name(served: Served) -> None:
    names = [
        operation["operationId"]
        for path in documented(served)["paths"].values()
        for operation in path.values()
    ]
    assert len(names) == len(set(names)), sorted(names)


def test_a_path_tells_all_methods_that_it_knows(served: Served) -> None:
    for path, operations in documented(served)["paths"].items():
        answer = served.client(EVERYWHERE).request("TRACE", path.replace("{", "").replace("}", ""))
        assert answer.status_code == 405
        assert set(answer.headers["Allow"].split(", ")) == {method.upper() for method in operations}


def test_problems_are_as_documented_wherever_they_come_from(served: Served) -> None:
    shape = documented(served)["components"]["schemas"]
    client = served.client(EVERYWHERE)
    answers: list[httpx.Response] = [
        served.client().get("/organizations"),
        client.get("/organizations/unknown"),
        client.get("/no/such/path"),
        client.delete("/organizations"),
        client.post("/organizations", content="{"),
        client.post("/organizations", content=b"\xff\xfe"),
        client.post("/organizations", content=b"x" * 100_000),
        client.post("/organizations", json={"name": "A" * 501, "token": "t"}),
        client.get("/organizations", headers={"Host": "elsewhere.example.org"}),
    ]
    assert [answer.status_code for answer in answers] == [401, 404, 404, 405, 422, 422, 413, 422, 400]
    for answer in answers:
        assert answer.headers["Content-Type"] == "application/problem+json"
        jsonschema.validate(answer.json(), {**shape["ProblemResponse"], "components": {"schemas": shape}})
        assert answer.json()["status"] == answer.status_code
