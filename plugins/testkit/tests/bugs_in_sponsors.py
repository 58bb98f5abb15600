"""Mistakes in copies of the package for sponsors, each with the test of the suite for kinds that finds it."""

from gleanin_sync_testkit.seeded_bugs import SeededBug

PACKAGE = "plugins/sponsors/gleanin_sync_sponsors"
SELECTION = f"{PACKAGE}/selection.py"
READ = f"{PACKAGE}/read.py"
TEST = "plugins/sponsors/tests/test_kind.py::TestSponsor"

BUGS = (
    SeededBug(
        "masked e-mails of sponsors were not reported",
        READ,
        "self.masked = self.masked or person.email",
        "pass",
        f"{TEST}::test_masked_email",
    ),
    SeededBug(
        "a reading with an unreadable sponsor counted as complete",
        READ,
        "            self.incomplete = True\n",
        "",
        f"{TEST}::test_incomplete_reading",
    ),
    SeededBug(
        "the sponsors of a run were kept for the next",
        READ,
        "sponsors: dict[SourceId, Sponsor] = field(default_factory=dict)",
        "sponsors: dict[SourceId, Sponsor] = field(default_factory=lambda known={}: known)",
        f"{TEST}::test_runs_are_independent",
    ),
    SeededBug(
        "a sponsor without an id was read as one",
        f"{PACKAGE}/parsing.py",
        'raise ValueError("The sponsor has no valid id")',
        'sponsor_id = row.get("id")',
        f"{TEST}::test_damaged_samples",
    ),
    SeededBug(
        "ids of sponsors and contacts lost their case",
        f"{PACKAGE}/values.py",
        "SourceId(found) if",
        "SourceId(found.lower()) if",
        f"{TEST}::test_similar_ids",
    ),
    SeededBug(
        "the name of a sponsor was sent with invisible characters",
        f"{PACKAGE}/sponsor.py",
        "normalize_line(self.name)",
        "self.name",
        f"{TEST}::test_texts_are_normalized",
    ),
    SeededBug(
        "a contact of a sponsor that is not written any more kept its e-mail from others",
        SELECTION,
        "if source_id in excluded[SPONSOR.name]:",
        "if False:",
        f"{TEST}::test_who_is_not_sent_claims_no_email",
    ),
    SeededBug(
        "a sponsor's contact was not found by its e-mail",
        SELECTION,
        "place.person.label, place.person.email)",
        "place.person.label)",
        f"{TEST}::test_candidates_have_their_email",
    ),
    SeededBug(
        "the number of sponsors left out those without a contact",
        SELECTION,
        "len(without_contact) + len(places)",
        "len(places)",
        f"{TEST}::test_unreadable_row",
    ),
    SeededBug(
        "a logo that browsers do not show was sent",
        SELECTION,
        "picture_url(sponsor.logo)",
        "(sponsor.logo, None)",
        f"{TEST}::test_unusable_pictures",
    ),
    SeededBug(
        "the setting of the tier's field had no effect",
        SELECTION,
        "sponsor.values_of(self.read.tier_field)",
        'sponsor.values_of("")',
        f"{TEST}::test_each_setting_has_an_effect",
    ),
    SeededBug(
        "the groups were one text",
        SELECTION,
        '("groups", tuple(dict.fromkeys((GROUP, *tiers)))),',
        '("groups", ", ".join(dict.fromkeys((GROUP, *tiers)))),',
        f"{TEST}::test_lists_are_declared",
    ),
    SeededBug(
        "the column of the tier needed a value",
        f"{PACKAGE}/page.py",
        'return ", ".join(line.sponsor.values_of(str(tier_field)))',
        "return next(iter(line.sponsor.values_of(str(tier_field))), None)",
        f"{TEST}::test_columns_are_texts",
    ),
    SeededBug(
        "a sponsor for the sandbox had a contact without an e-mail",
        f"{PACKAGE}/sandbox.json",
        '"email": "linnea@halyard.example.org"',
        '"email": null',
        f"{TEST}::test_sandbox_rows_are_read",
    ),
)
