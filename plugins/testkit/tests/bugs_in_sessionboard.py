"""Mistakes in copies of sources, most of them in Sessionboard's adapter, each with the test of the suite for sources that finds it."""

from gleanin_sync_testkit.seeded_bugs import SeededBug

FOLDER = "src/adapters/sessionboard"
SOURCE, CLIENT, PAGES = f"{FOLDER}/source.py", f"{FOLDER}/client.py", f"{FOLDER}/pages.py"
LISTS, PARSING, TALLY, WIRE = (
    f"{FOLDER}/lists.py",
    f"{FOLDER}/parsing.py",
    f"{FOLDER}/tally.py",
    f"{FOLDER}/wire.py",
)
TEST = "tests/contract/source/test_sessionboard.py::TestSessionboard"
TOY = "tests/plugins/toy_source/toy_source/__init__.py"
TOY_TEST = "tests/contract/source/test_toy_source.py::TestToySource"

BUGS = (
    SeededBug(
        "the last page was skipped",
        PAGES,
        "last = tally.pages\n                # The announced number of pages can be too low.\n                if number >= last",
        "last = tally.pages - 1\n                if number < 0",
        f"{TEST}::test_all_pages_of_sessions",
    ),
    SeededBug(
        "the total was trusted and ended the list",
        PAGES,
        "if number >= last and is_full and (tally.total is None or tally.rows < tally.total):",
        "last = last if tally.total is None else -(-tally.total // PAGE_SIZE)\n                if False:",
        f"{TEST}::test_total_is_lower",
    ),
    SeededBug(
        "fewer rows than announced counted as all",
        TALLY,
        "if total is None or known >= total:",
        "if total is None or known:",
        f"{TEST}::test_total_is_higher",
    ),
    SeededBug(
        "a 404 meant that there were no events",
        CLIENT,
        "if status in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND) and not announced:",
        "if status in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND):",
        f"{TEST}::test_missing_list_of_events_is_an_error",
    ),
    SeededBug(
        "a 404 on the list of events meant that the event was gone",
        CLIENT,
        "if status == HTTPStatus.NOT_FOUND and is_event:",
        "if status == HTTPStatus.NOT_FOUND:",
        f"{TEST}::test_missing_list_of_events_is_an_error",
    ),
    SeededBug(
        "a page missing in the middle meant that the event was gone",
        LISTS,
        "announced=is_first, read_cut=read_beginning",
        "announced=True, read_cut=read_beginning",
        f"{TEST}::test_missing_page_is_not_accepted",
    ),
    SeededBug(
        "the id of a row depended on its place",
        PARSING,
        "                page.ids.append(SourceId(read.id))",
        '                page.ids.append(SourceId(f"{read.id}-{len(page.ids)}"))',
        f"{TEST}::test_equal_ids",
    ),
    SeededBug(
        "ids changed with the title",
        WIRE,
        "    yield Session(\n        id=SourceId(row.id),",
        '    yield Session(\n        id=SourceId(f"{row.id}-{len(row.title or str())}"),',
        f"{TEST}::test_ids_are_stable",
    ),
    SeededBug(
        "times without an offset were taken for UTC",
        WIRE,
        "        if instant.tzinfo is None:\n            return None",
        "        if instant.tzinfo is None:\n            instant = instant.replace(tzinfo=UTC)",
        f"{TEST}::test_naive_times_are_not_guessed",
    ),
    SeededBug(
        "the offset of a time was thrown away",
        WIRE,
        "instant = instant.astimezone(UTC)",
        "instant = instant.replace(tzinfo=UTC)",
        f"{TEST}::test_sessions_are_equal",
    ),
    SeededBug(
        "a 429 was swallowed and ended the list",
        CLIENT,
        "            raise SourceUnavailable(str(error)) from error",
        "            raise NoSuchPage(str(error)) from error",
        f"{TEST}::test_lasting_faults_are_unavailable[sessions]",
    ),
    SeededBug(
        "an unreadable row was dropped in silence",
        PARSING,
        "                page.records.append(read)\n",
        "",
        f"{TEST}::test_rows_that_are_none[sessions]",
    ),
    SeededBug(
        "a repeated page was accepted",
        LISTS,
        "            fault = tally.fault\n",
        "            fault = tally._missing()\n",
        f"{TEST}::test_repeated_page_is_not_accepted",
    ),
    SeededBug(
        "an error in the middle of the pages ended the list quietly",
        TOY,
        "            page = await self._read(link)\n",
        "            try:\n                page = await self._read(link)\n            except Exception:\n                return\n",
        f"{TOY_TEST}::test_rows_before_an_error",
    ),
    SeededBug(
        "people who cannot be read were left out",
        PARSING,
        'PEOPLE = frozenset({"participants", "speakers", "chairpersons", "moderators", "contacts"})',
        "PEOPLE = frozenset[str]()",
        f"{TEST}::test_unreadable_people_are_not_left_out",
    ),
    SeededBug(
        "an odd value in a row ended the reading",
        PARSING,
        "        except ValidationError as error:\n            if problem := _decisive",
        "        except RecursionError as error:\n            if problem := _decisive",
        f"{TEST}::test_odd_values[sessions]",
    ),
    SeededBug(
        "NUL was accepted in an id",
        WIRE,
        r'pattern=r"^[^\x00]*[^\x00\s][^\x00]*$", max_length',
        r'pattern=r"^[\s\S]*\S[\s\S]*$", max_length',
        f"{TEST}::test_odd_ids[sessions]",
    ),
    SeededBug(
        "an object without rows was an empty list",
        PARSING,
        "        if rows is None and totals.total_results != 0:",
        "        if False:",
        f"{TEST}::test_other_shapes_are_errors[sessions]",
    ),
    SeededBug(
        "the id of an event reached another path",
        LISTS,
        'segment = quote(event_id, safe="")',
        "segment = event_id",
        f"{TEST}::test_odd_id_reaches_no_other_event",
    ),
    SeededBug(
        "an event counted as gone although some could not be read",
        SOURCE,
        "        if unreadable:\n",
        "        if False:\n",
        f"{TEST}::test_event_is_not_gone_while_one_is_unreadable",
    ),
    SeededBug(
        "one unreadable event hid all others",
        SOURCE,
        "return [event for event in rows if isinstance(event, SourceEvent)]",
        "return rows if all(isinstance(event, SourceEvent) for event in rows) else []",
        f"{TEST}::test_unreadable_event_does_not_hide_others",
    ),
    SeededBug(
        "a change of a person was overlooked",
        SOURCE,
        '(("sessions", {"expand": ["linked_sources"]}), ("speakers", {}))',
        '(("sessions", {"expand": ["linked_sources"]}),)',
        f"{TEST}::test_edits_are_changes[person]",
    ),
    SeededBug(
        "nothing had changed when the token was refused",
        SOURCE,
        "        except SourceError:  # reading everything will report what is wrong\n            return True",
        "        except SourceError:\n            return False",
        f"{TEST}::test_doubt_is_a_change[HTTP 401]",
    ),
    SeededBug(
        "a 403 was taken for something that passes",
        CLIENT,
        "        if status == HTTPStatus.FORBIDDEN:\n            return SourceRefused(",
        "        if status == HTTPStatus.FORBIDDEN:\n            return SourceUnavailable(",
        f"{TEST}::test_refused_token[sessions]",
    ),
    SeededBug(
        "the token was in an error",
        CLIENT,
        '            return SourceRefused(f"The Sessionboard token has no access (403). It needs the scopes {SCOPES}.")',
        "            return SourceRefused(f\"No access with {self.http.headers.get('x-access-token')}.\")",
        f"{TEST}::test_token_is_secret",
    ),
    SeededBug(
        "the next page was asked for without the parameters of its link",
        TOY,
        "            page = await self._read(link)\n",
        '            page = await self._read(link.partition("?")[0], {"size": PAGE_SIZE})\n',
        f"{TOY_TEST}::test_all_pages_of_sessions",
    ),
    SeededBug(
        "links were followed in circles",
        "plugins/template/gleanin_sync_example/pages.py",
        "        if target in tally.links:\n",
        "        if not target.isascii():\n",
        "plugins/template/tests/test_source.py::TestExample::test_link_to_the_same_page",
    ),
    SeededBug(
        "a masked e-mail was left out",
        WIRE,
        "        email=row.email,\n",
        '        email=None if "**" in (row.email or "") else row.email,\n',
        f"{TEST}::test_masked_emails_pass",
    ),
)
