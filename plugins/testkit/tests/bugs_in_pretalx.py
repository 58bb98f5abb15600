"""Mistakes in copies of the package for pretalx, each with the test of the suite for sources that finds it."""

from gleanin_sync_testkit.seeded_bugs import SeededBug

_PACKAGE = "plugins/pretalx/gleanin_sync_pretalx"
CLIENT, EVENTS, PAGES, PEOPLE, SESSIONS, SLOTS = (
    f"{_PACKAGE}/{name}.py" for name in ("client", "events", "pages", "people", "sessions", "slots")
)
TEST = "plugins/pretalx/tests/test_suite.py::TestPretalx"

BUGS = (
    SeededBug(
        "only the first page was read",
        PAGES,
        'has_next=bool(document.get("next"))',
        "has_next=False",
        f"{TEST}::test_all_pages_of_sessions",
    ),
    SeededBug(
        "the number of rows was not compared with the total",
        PAGES,
        "if not self.fault and len(self.known) < self.total:",
        "if self.fault and len(self.known) < self.total:",
        f"{TEST}::test_total_is_higher",
    ),
    SeededBug(
        "the parameters were sent for the first page only",
        PAGES,
        '{**params, "page_size": PAGE_SIZE, "page": number}',
        '{**(params if number == 1 else {}), "page_size": PAGE_SIZE, "page": number}',
        f"{TEST}::test_all_pages_of_sessions",
    ),
    SeededBug(
        "rows that moved to a later page were returned twice",
        PAGES,
        "[row for key_of_row, row in rows.items() if key_of_row not in returned]",
        "[*rows.values()]",
        f"{TEST}::test_rows_that_move_backward",
    ),
    SeededBug(
        "a missing list of events was taken for no events",
        EVENTS,
        "            raise SourceUnreadable(str(error)) from error\n",
        "            return [], not error\n",
        f"{TEST}::test_missing_list_of_events_is_an_error",
    ),
    SeededBug(
        "a missing time zone was guessed",
        EVENTS,
        'text_or_none(row, "timezone")',
        'text_or_none(row, "timezone") or "UTC"',
        f"{TEST}::test_missing_time_zone_is_not_guessed",
    ),
    SeededBug(
        "an event that cannot be read hid the others",
        EVENTS,
        "if isinstance(row, dict) and _slug_of(row)",
        "if _slug_of(row)",
        f"{TEST}::test_unreadable_event_does_not_hide_others",
    ),
    SeededBug(
        "a server that did not answer was taken for an empty list",
        CLIENT,
        "            raise SourceUnavailable(str(error)) from error\n",
        "            return [] if str(error) else None\n",
        f"{TEST}::test_lasting_faults_are_unavailable[events]",
    ),
    SeededBug(
        "a refused token was taken for a fault that passes",
        CLIENT,
        'raise SourceRefused("pretalx refused',
        'raise SourceUnavailable("pretalx refused',
        f"{TEST}::test_refused_token[sessions]",
    ),
    SeededBug(
        "an error quoted the answer",
        CLIENT,
        'raise SourceUnreadable(f"pretalx answered HTTP {status}.',
        'raise SourceUnreadable(f"pretalx answered {answer.body.decode()}.',
        f"{TEST}::test_token_is_secret",
    ),
    SeededBug(
        "the package imported more than the public module",
        CLIENT,
        "from http import HTTPStatus\n",
        "from http import HTTPStatus\n\nimport core.domain.text\n",
        f"{TEST}::test_imports",
    ),
    SeededBug(
        "names were split at the first blank",
        PEOPLE,
        '*first, last = name.split() or [""]',
        '*first, last = name.split(maxsplit=1) or [""]',
        f"{TEST}::test_sessions_are_equal",
    ),
    SeededBug(
        "masked e-mails were dropped",
        PEOPLE,
        'email=text_or_none(row, "email"),',
        'email=None if "*" in f"{row.get(\'email\')}" else text_or_none(row, "email"),',
        f"{TEST}::test_masked_emails_pass",
    ),
    SeededBug(
        "who has no code was left out in silence",
        SESSIONS,
        'for speaker in objects(row, "speakers", "the speakers")',
        'for speaker in objects(row, "speakers", "the speakers") if code_or_none(speaker)',
        f"{TEST}::test_unreadable_people_are_not_left_out",
    ),
    SeededBug(
        "rows that cannot be read were left out in silence",
        SESSIONS,
        "return [_unreadable(row, str(error), row)]",
        "return [] if str(error) else [_unreadable(row, str(error), row)]",
        f"{TEST}::test_odd_values[sessions]",
    ),
    SeededBug(
        "ids contained the title",
        SESSIONS,
        "id=session_id(code, number),",
        'id=SourceId(f"{code}-{title}"[:99]),',
        f"{TEST}::test_ids_are_stable",
    ),
    SeededBug(
        "a time without an offset was taken for UTC",
        SLOTS,
        "        instant = datetime.fromisoformat(value) if isinstance(value, str) else None\n",
        "        instant = datetime.fromisoformat(value) if isinstance(value, str) else None\n"
        "        instant = instant and instant.replace(tzinfo=instant.tzinfo or UTC)\n",
        f"{TEST}::test_naive_times_are_not_guessed",
    ),
    SeededBug(
        "times passed that are none in every zone",
        SLOTS,
        "not MINYEAR < instant.year < MAXYEAR",
        "not MINYEAR <= instant.year <= MAXYEAR",
        f"{TEST}::test_broken_times",
    ),
)
