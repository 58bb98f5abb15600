"""Endpoints for operators and monitoring, and HEAD requests to everything else."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from adapters.telemetry.prometheus import PrometheusMetrics
from core.usecases.organizations.list_health import ListOrganizationHealth
from core.usecases.runs.get_status import Queue
from ports.store.errors import DatabaseUnavailable
from tests.e2e.http.conftest import Served, served_from
from tests.support.http_fixtures import ADMIN, EVERYWHERE, SeededDatabase
from tests.support.timeouts import WITHIN, wait_until

PROBED = ("/healthz", "/readyz", "/metrics")


def number(served: Served, metric: str) -> float:
    found = re.search(rf"^{re.escape(metric)} (\S+)$", served.browser().get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/api/v1/organizations", "/api/v1/organizations"),
        ("/api/v1/runs/none", "/api/v1/runs/{run_id}"),
        ("/organizations", "/organizations"),
        ("/api/v1/no/such", "none"),
        ("/no/such", "none"),
        ("/static/none.css", "none"),
    ],
)
def test_a_request_is_counted_for_its_route_with_where_it_is_mounted(
    served: Served, path: str, route: str
) -> None:
    headers = {"Authorization": f"Bearer {served.key(EVERYWHERE)}"}
    status = served.browser().get(path, headers=headers).status_code
    metric = f'gleanin_sync_http_requests_total{{method="GET",route="{route}",status="{status}"}}'
    before = number(served, metric)
    served.browser().get(path, headers=headers)
    assert number(served, metric) == before + 1


QUEUE = (
    *(f"gleanin_sync_mappings_{state}" for state in ("due", "failing", "halted")),
    *(f"gleanin_sync_runs_{state}" for state in ("queued", "running")),
    *(f"gleanin_sync_{wait}_seconds" for wait in ("due", "queued")),
)


def test_the_metrics_tell_how_the_queue_stands_in_all(fresh: Served) -> None:
    text = fresh.browser().get("/metrics").text
    gauges = dict(line.split(" ") for line in text.splitlines() if line.startswith(QUEUE))
    assert gauges == dict.fromkeys(QUEUE, "0.0")
    assert fresh.acme.organization not in text


def test_the_metrics_are_there_without_the_queue_where_the_database_is_not(fresh: Served) -> None:
    async def fail() -> Queue:
        raise DatabaseUnavailable("gone")

    with fresh.running.container.metrics.override(PrometheusMetrics(fail)):
        text = fresh.browser().get("/metrics").text
    assert "gleanin_sync_faults_total" in text
    assert "gleanin_sync_runs_queued" not in text


class _Broken(Exception):
    pass


@contextmanager
def broken(served: Served) -> Iterator[None]:
    """Make requests for organizations fail with an internal error."""

    async def fail(_: object) -> None:
        raise _Broken

    with served.running.container.provider(ListOrganizationHealth).override(lambda: fail):
        yield


@pytest.mark.parametrize("path", ["/api/v1/organizations", "/organizations"])
def test_a_fault_is_counted_as_one(fresh: Served, path: str) -> None:
    browser = fresh.browser(EVERYWHERE)
    browser.headers["Authorization"] = f"Bearer {fresh.key(EVERYWHERE)}"
    before = number(fresh, "gleanin_sync_faults_total")
    with broken(fresh):
        assert browser.get(path).status_code == 500
    assert number(fresh, "gleanin_sync_faults_total") == before + 1


def test_whoever_goes_away_amid_a_request_is_no_fault(fresh: Served) -> None:
    parts = urlsplit(fresh.url)
    counted = 'gleanin_sync_http_requests_total{method="POST",route="/sign-in",status="500"}'
    before, gone = number(fresh, "gleanin_sync_faults_total"), number(fresh, counted)
    with socket.create_connection((parts.hostname, parts.port), timeout=WITHIN) as connection:
        connection.sendall(
            b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\ncsrf"
        )
    wait_until(lambda: number(fresh, counted) != gone, "the request is counted")
    assert number(fresh, "gleanin_sync_faults_total") == before


@pytest.mark.parametrize("host", ["10.1.2.3", "gleanin-sync.monitoring.svc:8000", "[2001:db8::1]:8000", ""])
def test_probes_ask_under_any_host_name_and_nobody_else_does(served: Served, host: str) -> None:
    for path in PROBED:
        assert served.browser().get(path, headers={"Host": host}).status_code == 200
        assert served.browser().head(path, headers={"Host": host}).status_code == 200
    for path in ("/sign-in", "/healthz/", "/metrics/x", "/static/app.css", "/api/v1/openapi.json", "/"):
        refused = served.browser().get(path, headers={"Host": host})
        assert (refused.status_code, refused.json()["code"]) == (400, "unknown_host")


@pytest.mark.parametrize(
    ("public_url", "host"),
    [("https://Sync.example.org:8443/x", "sync.EXAMPLE.org"), ("http://[2001:db8::1]", "[2001:db8::1]:80")],
)
def test_the_host_of_the_public_address_is_known(
    seeded_database: SeededDatabase, tmp_path_factory: pytest.TempPathFactory, public_url: str, host: str
) -> None:
    folder = tmp_path_factory.mktemp("public")
    with served_from(seeded_database, folder, public_url=public_url) as running:
        assert running.browser().get("/sign-in", headers={"Host": host}).status_code == 200
        assert running.browser().get("/sign-in", headers={"Host": f"x{host}"}).status_code == 400


def test_head_is_answered_as_get_without_the_body(served: Served) -> None:
    acme = served.acme
    browser = served.signed_in(ADMIN)
    api = {"Authorization": f"Bearer {served.key(ADMIN)}"}
    for path in (
        "/sign-in",
        "/account",
        f"/organizations/{acme.organization}/history",
        f"/runs/{acme.run}/outcomes.csv",
        "/portal/none",
        "/no/such/page",
        "/static/app.css",
        *PROBED,
        "/api/v1/openapi.json",
        "/api/v1/organizations",
        f"/api/v1/runs/{acme.run}",
        f"/api/v1/runs/{acme.run}/outcomes.csv",
        "/api/v1/runs/none",
    ):
        got, looked_at = (browser.request(method, path, headers=api) for method in ("GET", "HEAD"))
        assert looked_at.status_code == got.status_code, path
        assert looked_at.headers["Content-Type"] == got.headers["Content-Type"], path
        assert got.content, path
        assert not looked_at.content, path
    assert served.browser().head("/organizations").headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize("path", ["/runs/{run}/progress", "/api/v1/runs/{run}/progress", "/sign-in/once/x"])
def test_what_is_a_stream_or_opens_once_is_not_looked_at(served: Served, path: str) -> None:
    refused = served.signed_in(ADMIN).head(path.format(run=served.acme.run))
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET")
