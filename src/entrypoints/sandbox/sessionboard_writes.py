"""The routes of Sessionboard's stand-in that read and write single records: GET, PUT and bulk."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from aiohttp import web

from entrypoints.sandbox.record_writes import RecordWriter, WriteRefused
from entrypoints.sandbox.responses import answer
from entrypoints.sandbox.search import ProgrammeSearch
from entrypoints.sandbox.sessionboard import BASE
from entrypoints.sandbox.sessionboard_requests import (
    RequestRefused,
    find_programme,
    read_object,
    refuse,
    require_scope,
    spend,
)
from entrypoints.sandbox.state import SandboxState
from entrypoints.sandbox.writable_kinds import WritableKind

Json = dict[str, Any]
MAX_OPERATIONS = 100
ACTIONS = ("create", "update", "delete")


@dataclass(frozen=True, slots=True)
class RecordRoutes:
    state: SandboxState

    def routes(self) -> Iterator[web.RouteDef]:
        for kind in self.state.writable_kinds:
            path = f"{BASE}/v1/event/{{event}}/{kind.path}"
            yield web.post(f"{path}/bulk", partial(self.bulk, kind))
            yield web.get(f"{path}/{{id}}", partial(self.read, kind))
            yield web.put(f"{path}/{{id}}", partial(self.update, kind))

    async def read(self, kind: WritableKind, request: web.Request) -> web.Response:
        """Return one record; such reads are limited, and searches are not."""
        try:
            programme = find_programme(self.state, request)
            headers = spend(self.state, "read", 0)
        except RequestRefused as refused:
            return refused.response
        row = programme.record(kind.feed, request.match_info["id"])
        if row is None:
            return refuse(HTTPStatus.NOT_FOUND, f"There is no such {kind.singular}.")
        return _with(answer(row.body(frozenset())), headers)

    async def update(self, kind: WritableKind, request: web.Request) -> web.Response:
        try:
            programme = self._writable(kind, request)
            data = read_object(await request.read())
            headers = spend(self.state, kind.singular, 1)
        except RequestRefused as refused:
            return refused.response
        self.state.sessionboard.log.requests[f"PUT /{kind.path}"] += 1
        try:
            row = RecordWriter(self.state, programme, kind).update(request.match_info["id"], data)
        except WriteRefused as refused:
            return _with(refuse(refused.status, refused.message), headers)
        return _with(answer(row.body(frozenset())), headers)

    async def bulk(self, kind: WritableKind, request: web.Request) -> web.Response:
        try:
            programme = self._writable(kind, request)
            operations = _operations(await request.read())
            headers = spend(self.state, kind.singular, len(operations))
        except RequestRefused as refused:
            return refused.response
        self.state.sessionboard.log.requests[f"POST /{kind.path}/bulk"] += 1
        writer = RecordWriter(self.state, programme, kind)
        results = [_item(writer, index, operation) for index, operation in enumerate(operations)]
        succeeded = sum(result["status"] == "success" for result in results)
        stats = {"total": len(results), "succeeded": succeeded, "failed": len(results) - succeeded}
        return _with(answer({"batch_id": str(uuid4()), "results": results, "stats": stats}), headers)

    def _writable(self, kind: WritableKind, request: web.Request) -> ProgrammeSearch:
        programme = find_programme(self.state, request)
        require_scope(self.state, kind.scope)
        return programme


def _operations(body: bytes) -> list[Json]:
    operations = read_object(body).get("operations")
    if not isinstance(operations, list) or len(operations) > MAX_OPERATIONS:
        raise RequestRefused(
            HTTPStatus.BAD_REQUEST, f"operations must be a list of at most {MAX_OPERATIONS}."
        )
    for operation in operations:
        if not isinstance(operation, dict) or operation.get("action") not in ACTIONS:
            raise RequestRefused(HTTPStatus.BAD_REQUEST, f"Each action must be one of: {', '.join(ACTIONS)}.")
        action, record_id, data = (operation.get(key) for key in ("action", "id", "data"))
        if action != "create" and (not isinstance(record_id, str) or not record_id):
            raise RequestRefused(HTTPStatus.BAD_REQUEST, f"The action {action} needs an id.")
        if action != "delete" and not isinstance(data, dict):
            raise RequestRefused(HTTPStatus.BAD_REQUEST, f"The action {action} needs data.")
    return operations


def _item(writer: RecordWriter, index: int, operation: Json) -> Json:
    result = {"index": index, "action": operation["action"], "status": "success"}
    if "id" in operation:
        result["id"] = operation["id"]
    try:
        if operation["action"] != "update":
            writer.refuse(operation["action"])
        writer.update(operation["id"], operation["data"])
    except WriteRefused as refused:
        error = {"code": refused.code, "message": refused.message}
        return result | {"status": "error", "error": error}
    return result


def _with(response: web.Response, headers: dict[str, str]) -> web.Response:
    response.headers.update(headers)
    return response
