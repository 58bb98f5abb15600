"""The wire puts a stand-in behind the real client, and lets faults happen."""

import json

import pytest

from gleanin_sync_testkit.wire import Answer, Fault, Request, Wire
from ports.plugins import HttpUnavailable, InvalidInput

URL = "https://api.example.org/v1"


class Shelf:
    """A stand-in that stores what is posted."""

    def __init__(self) -> None:
        self.items: list[object] = []

    def answer(self, request: Request) -> Answer:
        if request.method == "POST":
            self.items.append(request.json)
            return Answer({"id": len(self.items)}, 201)
        return Answer({"items": self.items, "query": dict(request.query)})


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def wire(shelf: Shelf) -> Wire:
    return Wire(shelf.answer)


async def read(wire: Wire, target: str = "items") -> object:
    async with wire.open_http()(URL, {"Authorization": "Token t"}) as http:
        return json.loads((await http.read(target)).body)


async def write(wire: Wire, body: object) -> int:
    async with wire.open_http()(URL, {}) as http:
        return (await http.write("POST", "items", body)).status


async def test_requests_arrive_as_they_were_sent(wire: Wire) -> None:
    assert await read(wire, "items?page=2") == {"items": [], "query": {"page": "2"}}

    (request,) = wire.requests
    assert (request.method, request.path, request.url) == ("GET", "/v1/items", f"{URL}/items?page=2")
    assert request.headers["authorization"] == "Token t"
    assert request.json is None


async def test_a_write_has_its_body(wire: Wire, shelf: Shelf) -> None:
    assert await write(wire, {"name": "Ada"}) == 201
    assert shelf.items == [{"name": "Ada"}]


async def test_a_body_that_is_no_json_arrives_as_it_is(wire: Wire) -> None:
    wire.faults = [Fault(Answer(body=b"<html>", headers={"Content-Type": "text/html"}))]

    async with wire.open_http()(URL, {}) as http:
        answer = await http.read("items")

    assert (answer.body, answer.headers["content-type"]) == (b"<html>", "text/html")


async def test_a_fault_happens_to_the_matching_requests_only(wire: Wire) -> None:
    fault = Fault(Answer({}, 418), matches=lambda request: request.path.endswith("items"), after=1, times=2)
    wire.faults = [fault]

    async with wire.open_http()(URL, {}) as http:
        statuses = [(await http.read(target)).status for target in ("items", "others", *["items"] * 3)]

    assert statuses == [200, 200, 418, 418, 200]
    assert fault.met == 2


async def test_the_client_retries_as_in_the_product(wire: Wire) -> None:
    wire.faults = [Fault(Answer({}, 503)), Fault()]

    assert await read(wire) == {"items": [], "query": {}}
    assert len(wire.requests) == 3


async def test_a_fault_for_all_requests_makes_a_system_unavailable(wire: Wire) -> None:
    wire.faults = [Fault(Answer({}, 503), times=None)]

    with pytest.raises(HttpUnavailable):
        await read(wire)


async def test_a_lost_answer_leaves_the_write_executed(wire: Wire, shelf: Shelf) -> None:
    wire.faults = [Fault(is_executed=True)]

    with pytest.raises(HttpUnavailable) as unavailable:
        await write(wire, "item")

    assert not unavailable.value.not_executed
    assert shelf.items == ["item"]


async def test_a_late_write_is_executed_when_the_wire_settles(wire: Wire, shelf: Shelf) -> None:
    wire.faults = [Fault(Answer({}, 504), is_late=True)]

    assert await write(wire, "item") == 504
    assert shelf.items == []
    wire.settle()
    wire.settle()

    assert shelf.items == ["item"]


async def test_hooks_run_before_and_after_a_request_is_executed(wire: Wire, shelf: Shelf) -> None:
    seen: list[tuple[str, int]] = []
    wire.before = lambda _: seen.append(("before", len(shelf.items)))
    wire.after = lambda _: seen.append(("after", len(shelf.items)))

    await write(wire, "item")

    assert seen == [("before", 0), ("after", 1)]


async def test_what_a_hook_raises_arrives_in_the_place_of_the_answer(wire: Wire, shelf: Shelf) -> None:
    class Killed(BaseException):
        pass

    def kill(_: Request) -> None:
        raise Killed

    wire.after = kill

    with pytest.raises(Killed):
        await write(wire, "item")
    assert shelf.items == ["item"]


async def test_the_rules_for_urls_hold(wire: Wire) -> None:
    with pytest.raises(InvalidInput):
        async with wire.open_http()("http://127.0.0.1/", {}):
            pass
    assert not wire.requests
