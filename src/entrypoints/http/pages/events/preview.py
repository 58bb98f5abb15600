"""A preview of an event's sync: what it would do with each record, with old and new values."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.domain.planning.plan import Step
from core.domain.records.fields import FieldValue
from core.domain.records.outcomes import Outcome
from core.domain.records.reasons import field_name
from core.domain.records.search import RecordSearch
from core.usecases.sync.preview import expected_changes, expected_outcome
from entrypoints.http.pages.events.event_page import PREVIEW, RequestedEventPage, event_breadcrumbs, show
from entrypoints.http.pages.lists import (
    KindFilter,
    OutcomeFilter,
    PageNumber,
    SearchText,
    kind_named,
    kind_tabs,
    outcome_tabs,
    paginate,
)
from entrypoints.http.pages.rendering import crumb
from entrypoints.text import shortened

routes = APIRouter(prefix="/organizations/{organization_id}/events/{event_id}")
MAX_VALUE_LENGTH = 240
"""Maximum characters shown of a value."""
CONTEXT = 40
"""Characters shown before the first difference of two long values."""


@routes.get("/preview")
async def preview(
    request: Request,
    page: RequestedEventPage,
    search_text: SearchText = "",
    outcome: OutcomeFilter = None,
    kind: KindFilter = "",
    number: PageNumber = 1,
) -> Response:
    url, chosen_kind = f"{page.url}/{PREVIEW}", kind_named(kind)
    query = {
        "q": search_text,
        "outcome": outcome.value if outcome else "",
        "kind": chosen_kind.name if chosen_kind else "",
    }
    crumbs = event_breadcrumbs(page, crumb("Preview"))
    if page.view is None:
        return show(request, page, "preview.html", PREVIEW, crumbs=crumbs)
    steps = page.view.plan.steps if page.view.plan else ()
    steps_of_kind = [step for step in steps if chosen_kind is None or step.record.kind is chosen_kind]
    part = paginate([*_chosen(steps_of_kind, outcome, search_text)], number, url, query)
    return show(
        request,
        page,
        "preview.html",
        PREVIEW,
        crumbs=crumbs,
        list=part,
        steps=[(step, expected_outcome(step), [*_changes(step)]) for step in part.items],
        tabs=outcome_tabs(url, query, Counter(map(expected_outcome, steps_of_kind)), outcome),
        kinds=kind_tabs(url, query, chosen_kind),
        is_empty=not steps,
        search_text=search_text,
        query=query,
    )


def _chosen(steps: Sequence[Step], outcome: Outcome | None, search_text: str) -> Sequence[Step]:
    search = RecordSearch(search_text)
    return [
        step
        for step in steps
        if (outcome is None or expected_outcome(step) is outcome)
        and search.fits(step.record.label, step.record.email, step.record.source_id)
    ]


def _changes(step: Step) -> Sequence[dict[str, Any]]:
    rows = []
    for change in expected_changes(step):
        old, new = _text(change.old), _text(change.new)
        start = max(0, _common_prefix_length(old, new) - CONTEXT)
        rows.append(
            {"field": field_name(change.field), "old": _excerpt(old, start), "new": _excerpt(new, start)}
        )
    return rows


def _text(value: FieldValue | None) -> str:
    return ", ".join(value) if isinstance(value, tuple) else value or ""


def _common_prefix_length(old: str, new: str) -> int:
    """Return the length of the common prefix of two texts; 0 if one is empty."""
    if not (old and new):
        return 0
    pairs = enumerate(zip(old, new, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(old), len(new)))


def _excerpt(text: str, start: int) -> str:
    """Shorten a long text to the part from a start position."""
    if len(text) <= MAX_VALUE_LENGTH:
        return text
    return ("…" if start else "") + shortened(text[start:], MAX_VALUE_LENGTH)
