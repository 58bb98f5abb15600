"""Checks each candidate of a plug-in's kind; what is wrong with one blocks that record, and the others go on."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from adapters.plugins.guard import failure_sentence
from core.domain.email import clean_email
from core.domain.ids import MAX_EXTERNAL_ID_LENGTH
from core.domain.records import reasons
from core.domain.records.kinds import RecordKind
from core.domain.records.reasons import Reason
from core.domain.records.source_records import is_id
from core.domain.selection.candidates import Blocked, Candidate, Eligible, Skipped, check_required_fields
from core.domain.systems import Systems
from core.domain.text import normalize_line

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL and lone surrogates, which databases cannot store."""


def checked(candidate: Candidate, package: str, systems: Systems) -> Candidate:
    """Return a candidate that can be planned and stored: complete, of the right types, and with what its kind declares."""
    record, problem = candidate.record, _problem(candidate.verdict, candidate.record.kind)
    label, email = normalize_line(_text(record.label)), clean_email(_text(record.email))
    source_id = record.source_id
    if len(source_id) > MAX_EXTERNAL_ID_LENGTH or _UNSTORABLE.search(source_id):
        problem = problem or f"it returns the id {source_id!r:.60}, which cannot be stored"
        source_id = type(source_id)(_UNSTORABLE.sub("\ufffd", source_id)[:MAX_EXTERNAL_ID_LENGTH])
    record = replace(record, source_id=source_id, label=label or source_id, email=email)
    if problem:
        reason = reasons.plugin_failed(failure_sentence(package, problem))
        return Candidate(record, Blocked(reason))
    verdict = candidate.verdict
    if isinstance(verdict, Eligible):
        nameless = None if is_id(source_id) else reasons.no_id(systems)
        verdict = check_required_fields(
            record.kind, verdict.fields, systems, tuple(verdict.notes), problem=nameless
        )
    return Candidate(record, verdict)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _are_texts(values: object) -> bool:
    return isinstance(values, tuple | list) and all(isinstance(value, str) for value in values)


def _problem(verdict: Any, kind: RecordKind) -> str:
    match verdict:
        case Eligible(fields=fields, notes=notes):
            return _problem_with(fields, kind) or ("" if _are_texts(notes) else "its notes are no texts")
        case Skipped(reason=Reason()) | Blocked(reason=Reason()):
            return ""
        case _:
            return f"{type(verdict).__name__} is no verdict with a reason"


def _problem_with(fields: Any, kind: RecordKind) -> str:
    if not isinstance(fields, Mapping):
        return "its fields are no mapping"
    for name, value in fields.items():
        if name not in kind.fields:
            return f"it sends a field {name!r:.60} that the kind does not declare"
        texts = value if isinstance(value, tuple) else (value,)
        if not texts or not all(isinstance(text, str) and text for text in texts):
            return f"its field {name} is {type(value).__name__}, or empty, instead of a text or texts"
        if any(map(_UNSTORABLE.search, texts)):
            return f"its field {name} has characters that cannot be stored"
    return ""
