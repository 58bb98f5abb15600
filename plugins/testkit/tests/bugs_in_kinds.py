"""Mistakes in copies of the kinds of records, each with the test of the suite for kinds that finds it."""

from gleanin_sync_testkit.seeded_bugs import SeededBug

TOY = "tests/plugins/toy_kind/toy_kind/__init__.py"
TOY_TEST = "tests/contract/kinds/test_toy_kind.py::TestToyKind"
CANDIDATES = "src/core/domain/selection/candidates.py"
AGENDA = "src/core/domain/selection/agenda.py"
SPEAKERS = "src/core/domain/selection/speakers.py"
SPEAKER_TEST = "tests/contract/kinds/test_speaker.py::TestSpeaker"
SESSION_TEST = "tests/contract/kinds/test_session.py::TestSession"
EXHIBITORS = "src/core/domain/selection/exhibitor_contacts.py"
EXHIBITOR_TEST = "tests/contract/kinds/test_exhibitor_contact.py::TestExhibitorContact"

BUGS = (
    SeededBug(
        "masked e-mails were not reported",
        TOY,
        "self.masked = row.email if is_masked(row.email) else self.masked",
        "pass",
        f"{TOY_TEST}::test_masked_email",
    ),
    SeededBug(
        "a reading that was not complete counted as complete",
        TOY,
        "incomplete=self.rows.incomplete",
        "incomplete=False",
        f"{TOY_TEST}::test_incomplete_reading",
    ),
    SeededBug(
        "a row without an id was read as a record",
        TOY,
        'if not isinstance(row["id"], str) or not row["id"].strip():',
        "if False:",
        f"{TOY_TEST}::test_damaged_samples",
    ),
    SeededBug(
        "a row without a name was dropped in silence",
        TOY,
        "    return [\n        Person(",
        '    return [] if not row["name"] else [\n        Person(',
        f"{TOY_TEST}::test_damaged_samples",
    ),
    SeededBug(
        "a record that is not written any more kept its e-mail from others",
        TOY,
        "source_id not in excluded[HELPER.name] and bool(person.email and person.full_name)",
        "bool(person.email and person.full_name)",
        f"{TOY_TEST}::test_who_is_not_sent_claims_no_email",
    ),
    SeededBug(
        "who has an e-mail in the destination was not asked",
        TOY,
        "destination.emails_in_use(HELPER)",
        "{}",
        f"{TOY_TEST}::test_who_has_the_email_keeps_it",
    ),
    SeededBug(
        "changes of e-mails were not announced",
        TOY,
        "candidates, changes, incomplete",
        "candidates, {}, incomplete",
        f"{TOY_TEST}::test_email_changes_are_announced",
    ),
    SeededBug(
        "a row that came readable and unreadable was two records",
        TOY,
        " if row.id not in people]",
        "]",
        f"{TOY_TEST}::test_row_that_is_readable_and_unreadable",
    ),
    SeededBug(
        "the number of records left out the unreadable ones",
        TOY,
        "len(people) + len(unreadable)",
        "len(people)",
        f"{TOY_TEST}::test_unreadable_row",
    ),
    SeededBug(
        "the candidates could be listed once only",
        TOY,
        "candidates, changes, incomplete",
        "lambda once=candidates(): once, changes, incomplete",
        f"{TOY_TEST}::test_selecting_again",
    ),
    SeededBug(
        "the clock was read",
        TOY,
        "        people, systems = self.rows.people, self.rows.context.systems\n",
        "        people, systems = self.rows.people, self.rows.context.systems\n"
        "        people = people if datetime.now(tz=None).year else {}\n",
        f"{TOY_TEST}::test_reads_no_clock",
    ),
    SeededBug(
        "rows of another feed were taken in silence",
        TOY,
        'raise TypeError(f"{type(row).__name__} is no helper")',
        "return",
        f"{TOY_TEST}::test_no_row_of_the_feed",
    ),
    SeededBug(
        "an empty field was sent",
        TOY,
        "fields = filled(_fields(person, self.rows.context))",
        "fields = dict(_fields(person, self.rows.context)) | {'job_title': person.job_title or ''}",
        f"{TOY_TEST}::test_missing_optional_field",
    ),
    SeededBug(
        "the plural was that of another kind",
        TOY,
        'plural="helpers"',
        'plural="speakers"',
        f"{TOY_TEST}::test_no_other_kind_has_its_name_or_words",
    ),
    SeededBug(
        "two fields went into one attribute",
        TOY,
        '"helpers", {"name": "whole", "email": "email", "job_title": "shift"}',
        '"helpers", {"name": "whole", "email": "email", "job_title": "email"}',
        f"{TOY_TEST}::test_attributes_are_different",
    ),
    SeededBug(
        "a required field was not in the destination's schema",
        TOY,
        '{"name": "whole", "email": "email",',
        '{"name": "whole",',
        f"{TOY_TEST}::test_fields_are_those_of_the_kind",
    ),
    SeededBug(
        "a column of the page needed a value",
        TOY,
        'return person.job_title or ""',
        "return person.job_title",
        f"{TOY_TEST}::test_columns_are_texts",
    ),
    SeededBug(
        "only the first missing field was named",
        CANDIDATES,
        "        return Blocked(reasons.missing(missing, systems))",
        "        return Blocked(reasons.missing(missing[:1], systems))",
        f"{TOY_TEST}::test_all_missing_required_fields",
    ),
    SeededBug(
        "masked e-mails of speakers were not reported",
        AGENDA,
        "self.masked = self.masked or person.email",
        "pass",
        f"{SPEAKER_TEST}::test_masked_email",
    ),
    SeededBug(
        "a speaker without a job title lost the company",
        SPEAKERS,
        '("company_name", person.company_name)',
        '("company_name", person.job_title and person.company_name)',
        f"{SPEAKER_TEST}::test_missing_optional_field",
    ),
    SeededBug(
        "a session that came twice was read twice",
        AGENDA,
        "        if row.id in self.session_at:\n            return\n",
        "",
        f"{SESSION_TEST}::test_repeated_and_reordered_rows",
    ),
    SeededBug(
        "an unreadable exhibitor left its contacts to be reported as gone",
        EXHIBITORS,
        "self.context.systems)\n            self.incomplete = True\n",
        "self.context.systems)\n",
        f"{EXHIBITOR_TEST}::test_incomplete_reading",
    ),
    SeededBug(
        "an optional field was not read",
        TOY,
        'job_title=row.get("shift")',
        "job_title=None",
        f"{TOY_TEST}::test_samples_have_all_fields",
    ),
    SeededBug(
        "the rows of a run were kept for the next",
        TOY,
        "people: dict[SourceId, Person] = field(default_factory=dict)",
        "people: dict[SourceId, Person] = field(default_factory=lambda known={}: known)",
        f"{TOY_TEST}::test_runs_are_independent",
    ),
    SeededBug(
        "when the next session will have passed was not said",
        AGENDA,
        "if row.ends_at is not None and row.ends_at > now:",
        "if False:",
        f"{SESSION_TEST}::test_next_transition",
    ),
    SeededBug(
        "a picture that browsers do not show was sent",
        EXHIBITORS,
        "logo, left_out = picture_url(exhibitor.logo)",
        "logo, left_out = exhibitor.logo, None",
        f"{EXHIBITOR_TEST}::test_unusable_pictures",
    ),
    SeededBug(
        "a setting had no effect",
        TOY,
        'if shift and context.setting(HELPER, "shifts"):',
        "if shift:",
        f"{TOY_TEST}::test_each_setting_has_an_effect",
    ),
    SeededBug(
        "a row for the sandbox had no e-mail",
        TOY,
        '"email": f"{name.lower()}@example.org"',
        '"email": None',
        f"{TOY_TEST}::test_sandbox_rows_are_read",
    ),
)
