"""The sync history of an organization: its runs, and the results of one run."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from core.domain.ids import MAX_ID_LENGTH, RunId, can_be_id
from core.domain.links.link_homes import HolderType
from core.domain.links.link_outcomes import LinkOutcome, LinkResult
from core.domain.records.kinds import KINDS, RecordKind
from core.domain.records.outcomes import Outcome
from core.domain.runs.run import RunState, SyncRun
from core.usecases.links.queries import LinkOutcomesQuery, ListLinkOutcomes
from core.usecases.mappings.queries import ListLastChecks, ListMappings
from core.usecases.results.get_record_history import FindLastCheckOfRecord
from core.usecases.results.queries import ListOutcomes, OutcomesQuery
from core.usecases.runs.queries import ListOrganizationRuns, ListRuns
from entrypoints.container import Container
from entrypoints.http.csv import csv_response
from entrypoints.http.dependencies import RunContext, Wired
from entrypoints.http.pages.dependencies import ReadOrganization, ReadRun
from entrypoints.http.pages.events.event_page import TONES, event_url
from entrypoints.http.pages.link_places import link_places
from entrypoints.http.pages.lists import (
    PER_PAGE,
    KindFilter,
    OutcomeFilter,
    SearchText,
    Tab,
    kind_named,
    kind_tabs,
    link_outcome_tabs,
    outcome_tabs,
    with_query,
)
from entrypoints.http.pages.rendering import crumb, organization_url, render
from entrypoints.http.rows import outcome_rows
from entrypoints.resources.results import OUTCOME_COLUMNS

routes = APIRouter()
Before = Annotated[str, Query(max_length=MAX_ID_LENGTH)]
After = Annotated[int, Query(alias="after", ge=0, le=2**62)]
LinksAfter = Annotated[int, Query(alias="links_after", ge=0, le=2**62)]
OutcomeOfLink = Annotated[LinkOutcome | None, Query(alias="link_outcome")]
LINKS_PART = "#links"
"""The part of a run's page about share links in the source."""


@routes.get("/organizations/{organization_id}/history")
async def show_runs(
    request: Request, container: Wired, ctx: ReadOrganization, before: Before = ""
) -> Response:
    before_id = RunId(before) if before and can_be_id(before) else None
    runs = await container.resolve(ListOrganizationRuns)(ctx.organization.id, PER_PAGE + 1, before_id)
    page_runs, url = runs[:PER_PAGE], f"{organization_url(ctx.organization)}/history"
    checks = await container.resolve(ListLastChecks)(ctx.organization.id)
    return render(
        request,
        "history.html",
        ctx=ctx,
        section="history",
        crumbs=[crumb("History", url), crumb("Integrations")],
        rows=[(run, mapping, _synced(run)) for run, mapping in page_runs],
        checked={check.run_id: check.at for check in checks.values()},
        mappings=await container.resolve(ListMappings)(ctx.organization.id, ended=True),
        first_url=url if before else "",
        next_url=with_query(url, {"before": page_runs[-1][0].id}) if len(runs) > PER_PAGE else "",
    )


def _synced(run: SyncRun) -> Sequence[str]:
    """Return the numbers of synced and attempted records by kind, as text."""
    tallies = ((kind, run.counts.of(kind)) for kind in KINDS.in_scope(run.scope))
    return [
        f"{tally.succeeded:,} of {tally.attempted:,} {kind.plural}" for kind, tally in tallies if tally.read
    ]


@routes.get("/runs/{run_id}")
async def show_run(
    request: Request,
    container: Wired,
    ctx: ReadRun,
    search_text: SearchText = "",
    outcome: OutcomeFilter = None,
    kind: KindFilter = "",
    after: After = 0,
    link_outcome: OutcomeOfLink = None,
    links_after: LinksAfter = 0,
) -> Response:
    run, chosen_kind, url = ctx.run, kind_named(kind), f"/runs/{ctx.run.id}"
    query = {
        "q": search_text,
        "outcome": outcome.value if outcome else "",
        "kind": chosen_kind.name if chosen_kind else "",
    }
    page = await container.resolve(ListOutcomes)(
        OutcomesQuery(
            run,
            [outcome] if outcome else [],
            [chosen_kind] if chosen_kind else [],
            search_text,
            after,
            PER_PAGE,
        )
    )
    organization, mapping = organization_url(ctx.organization), ctx.mapping
    kinds = KINDS.in_scope(run.scope)
    return render(
        request,
        "run.html",
        ctx=ctx,
        section="history",
        crumbs=[crumb("History", f"{organization}/history"), crumb(f"Sync of {mapping.source_event_name}")],
        run=run,
        checked_at=await container.resolve(FindLastCheckOfRecord)(run),
        tone=TONES.get(run.state, "info"),
        event_url=event_url(ctx.organization, mapping.events.source_id),
        counts=_counts(run, kinds),
        run_kinds=[kind.plural for kind in kinds],
        kinds=kind_tabs(url, query, chosen_kind, kinds),
        tabs=outcome_tabs(url, query, _by_outcome(run, [chosen_kind] if chosen_kind else kinds), outcome),
        outcomes=page.items,
        search_text=search_text,
        query=query,
        csv_url=with_query(f"{url}/outcomes.csv", {"outcome": query["outcome"]}),
        first_url=with_query(url, query) if after else "",
        next_url=with_query(url, {**query, "after": page.next}) if page.next is not None else "",
        open_runs=await _open_runs(container, ctx),
        links=await _links(container, ctx, link_outcome, links_after),
    )


@dataclass(frozen=True, slots=True)
class _LinksPart:
    """The section of a run's page about share links that were written into the source."""

    counts: Sequence[tuple[str, Sequence[int]]]
    results: Sequence[LinkResult]
    tabs: Sequence[Tab]
    companies: Collection[HolderType]
    first_url: str
    next_url: str


async def _links(
    container: Container, ctx: RunContext, outcome: LinkOutcome | None, after: int
) -> _LinksPart | None:
    """Return a page of what became of share links; None if the run wrote none back."""
    run, url = ctx.run, f"/runs/{ctx.run.id}"
    if not run.links:
        return None
    query = LinkOutcomesQuery(run, [outcome] if outcome else [], start=after, limit=PER_PAGE)
    page = await container.resolve(ListLinkOutcomes)(query)
    params = {"link_outcome": outcome.value if outcome else ""}
    next_query = {**params, "links_after": page.next}
    return _LinksPart(
        [(each.value, [run.links[each]]) for each in LinkOutcome],
        page.items,
        link_outcome_tabs(url, {}, run.links.numbers, outcome, name="link_outcome", fragment=LINKS_PART),
        link_places(container, ctx.organization.source).companies,
        with_query(url, params) + LINKS_PART if after else "",
        with_query(url, next_query) + LINKS_PART if page.next is not None else "",
    )


async def _open_runs(container: Container, ctx: RunContext) -> Sequence[SyncRun]:
    """Return the run, if it is open, after the run that it waits for."""
    if not ctx.run.is_open:
        return ()
    latest = await container.resolve(ListRuns)(ctx.mapping.id, 2)
    others = [run for run in reversed(latest) if run.is_open and run.id != ctx.run.id]
    return [*others, ctx.run] if ctx.run.state is RunState.QUEUED else [ctx.run]


def _counts(run: SyncRun, kinds: Sequence[RecordKind]) -> Sequence[tuple[str, Sequence[int]]]:
    tallies = [run.counts.of(kind) for kind in kinds]
    return [
        ("attempted", [tally.attempted for tally in tallies]),
        ("synced", [tally.succeeded for tally in tallies]),
        *((outcome.value, [tally[outcome] for tally in tallies]) for outcome in Outcome),
    ]


def _by_outcome(run: SyncRun, kinds: Sequence[RecordKind]) -> Mapping[Outcome, int]:
    sums = Counter[Outcome]()
    for kind in kinds:
        sums.update(run.counts.of(kind).numbers)
    return sums


@routes.get("/runs/{run_id}/outcomes.csv")
async def outcomes_csv(container: Wired, ctx: ReadRun, outcome: OutcomeFilter = None) -> Response:
    rows = outcome_rows(container, ctx.run, [outcome] if outcome else [])
    return csv_response("outcomes", OUTCOME_COLUMNS, rows)
