"""History of an organization's syncs: its runs, and what one run did with each record."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from core.domain.ids import RunId
from core.domain.records.kinds import RecordKind, kinds_in
from core.domain.records.outcomes import Outcome
from core.domain.runs.run import RunState, SyncRun
from core.usecases.mappings.queries import ListLastChecks, ListMappings
from core.usecases.results.get_record_history import FindLastCheckOfRecord
from core.usecases.results.queries import ListOutcomes, OutcomesQuery
from core.usecases.runs.queries import ListOrganizationRuns, ListRuns
from entrypoints import shapes
from entrypoints.container import Container
from entrypoints.http.csv import csv_response
from entrypoints.http.dependencies import LONGEST_ID, InRun, Wired
from entrypoints.http.pages.dependencies import ReadOrganization, ReadRun
from entrypoints.http.pages.events.event_page import TONES, url_of_event
from entrypoints.http.pages.lists import (
    PER_PAGE,
    KindName,
    OneOutcome,
    Sought,
    address,
    kind_named,
    kind_tabs,
    outcome_tabs,
)
from entrypoints.http.pages.rendering import crumb, render, url_of
from entrypoints.http.rows import outcome_rows

routes = APIRouter()
Before = Annotated[str, Query(max_length=LONGEST_ID)]
After = Annotated[int, Query(alias="after", ge=0, le=2**62)]


@routes.get("/organizations/{organization_id}/history")
async def show_runs(
    request: Request, container: Wired, here: ReadOrganization, before: Before = ""
) -> Response:
    known = RunId(before) if before.isprintable() and before else None
    runs = await container.resolve(ListOrganizationRuns)(here.organization.id, PER_PAGE + 1, known)
    shown, url = runs[:PER_PAGE], f"{url_of(here.organization)}/history"
    checks = await container.resolve(ListLastChecks)(here.organization.id)
    return render(
        request,
        "history.html",
        here=here,
        section="history",
        crumbs=[crumb("History", url), crumb("Integrations")],
        rows=[(run, mapping, _synced(run)) for run, mapping in shown],
        checked={each.run_id: each.at for each in checks.values()},
        mappings=await container.resolve(ListMappings)(here.organization.id, ended=True),
        first_url=url if before else "",
        next_url=address(url, {"before": shown[-1][0].id}) if len(runs) > PER_PAGE else "",
    )


def _synced(run: SyncRun) -> Sequence[str]:
    """Tell of each kind how much of what was attempted is in Gleanin."""
    tallies = ((kind, run.counts.of(kind)) for kind in kinds_in(run.scope))
    return [
        f"{tally.succeeded:,} of {tally.attempted:,} {kind.plural}" for kind, tally in tallies if tally.read
    ]


@routes.get("/runs/{run_id}")
async def show_run(
    request: Request,
    container: Wired,
    here: ReadRun,
    sought: Sought = "",
    outcome: OneOutcome = None,
    kind: KindName = "",
    after: After = 0,
) -> Response:
    run, only, url = here.run, kind_named(kind), f"/runs/{here.run.id}"
    asked = {"q": sought, "outcome": outcome.value if outcome else "", "kind": only.name if only else ""}
    page = await container.resolve(ListOutcomes)(
        OutcomesQuery(run, [outcome] if outcome else [], [only] if only else [], sought, after, PER_PAGE)
    )
    organization, mapping = url_of(here.organization), here.mapping
    kinds = kinds_in(run.scope)
    return render(
        request,
        "run.html",
        here=here,
        section="history",
        crumbs=[crumb("History", f"{organization}/history"), crumb(f"Sync of {mapping.sessionboard_name}")],
        run=run,
        checked_at=await container.resolve(FindLastCheckOfRecord)(run),
        tone=TONES.get(run.state, "info"),
        event_url=url_of_event(here.organization, mapping.events.sessionboard_id),
        counts=_counts(run, kinds),
        run_kinds=[each.plural for each in kinds],
        kinds=kind_tabs(url, asked, only, kinds),
        tabs=outcome_tabs(url, asked, _by_outcome(run, [only] if only else kinds), outcome),
        outcomes=page.items,
        sought=sought,
        asked=asked,
        csv_url=address(f"{url}/outcomes.csv", {"outcome": asked["outcome"]}),
        first_url=address(url, asked) if after else "",
        next_url=address(url, {**asked, "after": page.next}) if page.next is not None else "",
        open_runs=await _open_ones(container, here),
    )


async def _open_ones(container: Container, here: InRun) -> Sequence[SyncRun]:
    """Give the run, if it is open, after the one that it waits for."""
    if not here.run.is_open:
        return ()
    latest = await container.resolve(ListRuns)(here.mapping.id, 2)
    others = [each for each in reversed(latest) if each.is_open and each.id != here.run.id]
    return [*others, here.run] if here.run.state is RunState.QUEUED else [here.run]


def _counts(run: SyncRun, kinds: Sequence[RecordKind]) -> Sequence[tuple[str, Sequence[int]]]:
    tallies = [run.counts.of(kind) for kind in kinds]
    return [
        ("attempted", [tally.attempted for tally in tallies]),
        ("synced", [tally.succeeded for tally in tallies]),
        *((each.value, [tally[each] for tally in tallies]) for each in Outcome),
    ]


def _by_outcome(run: SyncRun, kinds: Sequence[RecordKind]) -> Mapping[Outcome, int]:
    sums = Counter[Outcome]()
    for kind in kinds:
        sums.update(run.counts.of(kind).numbers)
    return sums


@routes.get("/runs/{run_id}/outcomes.csv")
async def outcomes_csv(container: Wired, here: ReadRun, outcome: OneOutcome = None) -> Response:
    rows = outcome_rows(container, here.run, [outcome] if outcome else [])
    return csv_response("outcomes", shapes.OUTCOME_COLUMNS, rows)
