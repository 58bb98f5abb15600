"""dlt doing the same job as its users would: with its destination decorator, tuned to 20 parallel jobs."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from bench.payloads import session_body, speaker_body
from entrypoints.sandbox.state import GLEANIN_TOKEN, SESSIONBOARD_TOKEN

Json = dict[str, Any]
PARALLEL = 20


def measured(sessionboard_url: str, gleanin_url: str, folder: str, **_: str) -> Json:
    """Load all sessions, then all people, so that people can be associated with the sessions."""
    os.environ |= {
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__LOG_LEVEL": "CRITICAL",
        "LOAD__WORKERS": str(PARALLEL),
        "LOAD__PARALLELISM_STRATEGY": "parallel",
        "NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS": "250",  # its jobs are distributed by file
        "DLT_DATA_DIR": str(Path(folder) / "dlt"),
    }
    import dlt

    client = httpx.Client(
        timeout=30,
        headers={"Authorization": f"Bearer {GLEANIN_TOKEN}", "Content-Type": "application/json"},
        limits=httpx.Limits(max_connections=PARALLEL, max_keepalive_connections=PARALLEL),
    )
    events = client.get(f"{gleanin_url}/events").json()
    event_id: str = events["data"][0]["id"]
    ids: dict[str, int] = {}

    def create(kind: str, body: bytes) -> int:
        response = client.post(f"{gleanin_url}/{kind}", content=body)
        return int(response.raise_for_status().json()["data"]["id"])

    @dlt.destination(  # type: ignore[untyped-decorator,unused-ignore] # dlt is installed only where it is measured
        batch_size=10, loader_file_format="typed-jsonl", name="gleanin", max_parallel_load_jobs=PARALLEL
    )
    def gleanin(items: Any, table: Any) -> None:
        for item in items:
            if table["name"] == "sessions":
                ids[item["id"]] = create("sessions", session_body(event_id, item))
            else:
                create(
                    "speakers",
                    speaker_body(event_id, item, [ids[session] for session in item["session_ids"]]),
                )

    sessions = list(_sessions(sessionboard_url))  # both loads need them: read them once, as a user would
    people: dict[str, Json] = {}
    for session in sessions:
        for person in session["speakers"]:
            people.setdefault(person["id"], {**person, "session_ids": []})["session_ids"].append(
                session["id"]
            )
    pipeline = dlt.pipeline("bench", destination=gleanin, dataset_name="bench", pipelines_dir=folder)
    start = time.perf_counter()
    list(_sessions(sessionboard_url))
    for name, rows in (("sessions", sessions), ("speakers", list(people.values()))):
        pipeline.run(dlt.resource(rows, name=name, max_table_nesting=0)).raise_on_failed_jobs()
    seconds = time.perf_counter() - start
    client.close()
    return {"first": {"seconds": seconds, "writes": len(sessions) + len(people)}}


def _sessions(sessionboard_url: str) -> Iterator[Json]:
    with httpx.Client(headers={"x-access-token": SESSIONBOARD_TOKEN}, timeout=30) as client:
        event = client.get(f"{sessionboard_url}/v1/events").json()["results"][0]["id"]
        page, pages = 1, 1
        while page <= pages:
            url = f"{sessionboard_url}/v1/event/{event}/sessions?page={page}&pageSize=100"
            document = client.post(url, json={}).json()
            yield from document["results"]
            page, pages = page + 1, document["pagination"]["totalPages"]
