"""Mistakes in copies of destinations, each with the test of the suite for destinations that finds it."""

from gleanin_sync_testkit.seeded_bugs import SeededBug

CLIENT = "src/adapters/gleanin/client.py"
DESTINATION = "src/adapters/gleanin/destination.py"
RESPONSES = "src/adapters/gleanin/responses.py"
WIRE = "src/adapters/gleanin/wire.py"
SHELF = "tests/plugins/toy_destination/toy_destination/__init__.py"
TEST = "tests/contract/destination/test_gleanin.py::TestGleanin"
SHELF_TEST = "tests/contract/destination/test_shelf.py::TestToyShelf"

BUGS = (
    SeededBug(
        "a field that the schema does not have was sent",
        WIRE,
        "    known = ((schema.written[name], value) for name, value in values.items() if name in schema.written)\n",
        '    others = Attribute("", GUESS, TEXT)\n'
        "    known = ((schema.written.get(name) or Attribute(name, GUESS, others.value_type), value) "
        "for name, value in values.items())\n",
        f"{TEST}::test_unknown_fields_are_not_sent",
    ),
    SeededBug(
        "an update replaced the associations",
        WIRE,
        "    attributes = _written(schema, {change.field: change.new for change in changes})\n",
        '    attributes = _written(schema, {"sessions": (), **{change.field: change.new for change in changes}})\n',
        f"{TEST}::test_associations_stay",
    ),
    SeededBug(
        "a cleared field kept its value",
        WIRE,
        "_written(schema, {change.field: change.new for change in changes})",
        "_written(schema, {change.field: change.new for change in changes if change.new is not None})",
        f"{TEST}::test_clear",
    ),
    SeededBug(
        "absent fields were sent empty",
        WIRE,
        "        **_written(schema, fields),\n",
        '        **_written(schema, {**dict.fromkeys(schema.written, ""), **fields}),\n',
        f"{TEST}::test_absent_fields_are_not_sent",
    ),
    SeededBug(
        "the external id was not sent",
        WIRE,
        '        "external_idx": external_id,\n',
        '        "external_idx": None,\n',
        f"{TEST}::test_create",
    ),
    SeededBug(
        "the external id was not read",
        RESPONSES,
        "ExternalId(attributes.external_idx) if attributes.external_idx else None",
        "None",
        f"{TEST}::test_create",
    ),
    SeededBug(
        "the constants of a kind of another plug-in were left out",
        WIRE,
        "        **schema.constants,\n",
        "",
        f"{TEST}::test_further_kinds",
    ),
    SeededBug(
        "long texts were shortened",
        WIRE,
        "isinstance(value, tuple) else value\n\n\ndef _foreign_key",
        "isinstance(value, tuple) else value and value[:4000]\n\n\ndef _foreign_key",
        f"{TEST}::test_hard_texts[10,000 characters]",
    ),
    SeededBug(
        "texts were escaped for HTML",
        WIRE,
        "isinstance(value, tuple) else value\n\n\ndef _foreign_key",
        'isinstance(value, tuple) else value and value.replace("&", "&amp;")\n\n\ndef _foreign_key',
        f"{TEST}::test_hard_texts[HTML]",
    ),
    SeededBug(
        "ids were put into paths as they are",
        WIRE,
        "return f\"{schema.type}/{quote(destination_id, safe='')}\"",
        'return f"{schema.type}/{destination_id}"',
        f"{TEST}::test_odd_ids[{{}}/../{{other}}]",
    ),
    SeededBug(
        "an id with a query reached its event",
        WIRE,
        "return f\"{EVENTS}/{quote(event_id, safe='')}\"",
        'return f"{EVENTS}/{event_id}"',
        f"{TEST}::test_unknown_event_is_gone[{{}}?a=b]",
    ),
    SeededBug(
        "a 404 on a create in a deleted event rejected the record",
        DESTINATION,
        "            await self.event(event_id)  # raises if the event is what is missing\n            raise\n",
        "            raise\n",
        f"{TEST}::test_404_on_create_without_event",
    ),
    SeededBug(
        "any 404 on a create meant that the event is gone",
        DESTINATION,
        "            await self.event(event_id)  # raises if the event is what is missing\n            raise\n",
        "            raise DestinationEventGone(event_id) from None\n",
        f"{TEST}::test_404_on_create",
    ),
    SeededBug(
        "an answer 202 counted as created",
        DESTINATION,
        "        if response.status == HTTPStatus.ACCEPTED:\n",
        "        if response.status == HTTPStatus.ACCEPTED and created is None:\n",
        f"{TEST}::test_accepted[as usual]",
    ),
    SeededBug(
        "an id was made up where the answer had none",
        DESTINATION,
        "        if created is None:\n"
        '            raise WriteOutcomeUnknown("Gleanin accepted a record, but its response has no record id.")\n',
        "        if created is None:\n            return DestinationId(external_id)\n",
        f"{TEST}::test_unreadable_answer[an empty object]",
    ),
    SeededBug(
        "a lost answer counted as not sent",
        CLIENT,
        "            if error.not_executed:\n",
        "            if True:\n",
        f"{TEST}::test_lost_create[a cut-executed]",
    ),
    SeededBug(
        "a create was sent again after a cut",
        CLIENT,
        "            if error.not_executed:\n"
        "                raise DestinationUnavailable(str(error)) from error\n"
        '            raise WriteOutcomeUnknown(f"{_NOT_CONFIRMED}: {error}") from error\n',
        "            if error.not_executed:\n"
        "                raise DestinationUnavailable(str(error)) from error\n"
        "            return await self._http.send(\n"
        "                method, url, self._check_write, lambda _: MAX_BYTES_WRITTEN, body=body, is_write=True\n"
        "            )\n",
        f"{TEST}::test_lost_create[a cut-not executed]",
    ),
    SeededBug(
        "a server error rejected the record",
        CLIENT,
        "            raise WriteOutcomeUnknown(sentence, response.retry_after)\n",
        "            raise RecordRejected(sentence)\n",
        f"{TEST}::test_lost_create[HTTP 500-executed]",
    ),
    SeededBug(
        "writes were sent as reads, without before_write",
        CLIENT,
        "lambda _: MAX_BYTES_WRITTEN, body=body, is_write=True\n",
        "lambda _: MAX_BYTES_WRITTEN, body=body\n",
        f"{TEST}::test_announced",
    ),
    SeededBug(
        "a 429 was swallowed",
        CLIENT,
        "            if error.not_executed:\n                raise DestinationUnavailable(str(error)) from error\n",
        "            if error.not_executed:\n"
        '                return Response(200, httpx.Headers(), bytearray(b\'{"data": {"id": "1"}}\'))\n',
        f"{TEST}::test_long_429",
    ),
    SeededBug(
        "a 403 on a write refused the token",
        CLIENT,
        "        if response.status == HTTPStatus.FORBIDDEN:\n            raise WriteForbidden(self._detail(response))\n",
        "",
        f"{TEST}::test_403",
    ),
    SeededBug(
        "the service's reason was not passed on",
        CLIENT,
        "raise self._refusal(response) or RecordRejected(self._detail(response))",
        'raise self._refusal(response) or RecordRejected("Gleanin rejected it.")',
        f"{TEST}::test_rejected[422]",
    ),
    SeededBug(
        "an error showed the token",
        CLIENT,
        'bytes(response.body).replace(self._token.value.encode(), b"(token)")',
        "bytes(response.body)",
        f"{TEST}::test_no_secrets_in_errors",
    ),
    SeededBug(
        "a list that was cut counted as complete",
        RESPONSES,
        "        if missing := len(self._listed - self._found):\n",
        "        if missing := 0:\n",
        f"{TEST}::test_short_page",
    ),
    SeededBug(
        "only the first page was read",
        DESTINATION,
        "            link = document.next\n",
        "            link = None\n",
        f"{TEST}::test_several_events",
    ),
    SeededBug(
        "a link to the same page was followed for ever",
        DESTINATION,
        "            if url in seen or len(seen) >= _MAX_PAGES:\n",
        "            if len(seen) >= _MAX_PAGES:\n",
        f"{TEST}::test_link_to_itself",
    ),
    SeededBug(
        "the token followed a link to another host",
        "src/adapters/gleanin/client.py",
        "            return self._http.follow(current, link)\n",
        "            return current.join(link)\n",
        f"{TEST}::test_link_to_another_host[//elsewhere.example.net/list?page=2]",
    ),
    SeededBug(
        "e-mail addresses were not read",
        RESPONSES,
        "            email=attributes.email,\n",
        "",
        f"{TEST}::test_contact_of_somebody_else",
    ),
    SeededBug(
        "share links on any host were shown",
        WIRE,
        'LINK_HOSTS = frozenset({"app.gleanin.com", "invt.io"})',
        'LINK_HOSTS = frozenset({"app.gleanin.com", "invt.io", "elsewhere.example.net"})',
        f"{TEST}::test_links",
    ),
    SeededBug(
        "a record that cannot be read was left out",
        SHELF,
        "        yield list(map(_record, _rows(answer)))\n",
        "        yield [_record(row) for row in _rows(answer) if _is_row(row)]\n",
        f"{SHELF_TEST}::test_odd_rows",
    ),
    SeededBug(
        "a list that is none counted as empty",
        SHELF,
        '        raise DestinationUnreadable(f"The shelf did not return a list ({answer.status}).")\n',
        "        return []\n",
        f"{SHELF_TEST}::test_unreadable_answers",
    ),
    SeededBug(
        "a write was not completed when it was cancelled",
        SHELF,
        "            answer = await self.http.write(method, path, body)\n",
        "            answer = await self.http.write(method, path, body)\n            await asyncio.sleep(0)\n",
        f"{SHELF_TEST}::test_cancelled_after",
    ),
    SeededBug(
        "what before_write raised was taken for a failure of the service",
        SHELF,
        "            answer = await self.http.write(method, path, body)\n"
        "        except HttpUnavailable as error:\n            if error.not_executed:\n",
        "            answer = await self.http.write(method, path, body)\n"
        '        except Exception as error:\n            if getattr(error, "not_executed", True):\n',
        f"{SHELF_TEST}::test_stopped",
    ),
    SeededBug(
        "before_write was not handed to the client",
        SHELF,
        "    async with http(access.url, headers, before_write) as opened:\n",
        "    async with http(access.url, headers) as opened:\n",
        f"{SHELF_TEST}::test_stopped",
    ),
    SeededBug(
        "an answer was kept for the next create",
        SHELF,
        "        created = _json(answer)\n",
        '        created = SCHEMAS.setdefault("last", _json(answer))\n',
        f"{SHELF_TEST}::test_concurrent_writes",
    ),
    SeededBug(
        "an update was the deletion of the record and a create",
        SHELF,
        "        body = _attributes(schema, {change.field: change.new for change in changes})\n",
        "        body = _attributes(schema, {change.field: change.new for change in changes})\n"
        '        await self.http.write("DELETE", _path(event_id, schema, destination_id), None)\n',
        f"{SHELF_TEST}::test_update",
    ),
)
