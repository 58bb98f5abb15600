"""Invalid values in rows: they are repaired where no guess is needed, and otherwise the row is reported."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sessionboard.parsing import EVENT_SCHEMA, EXHIBITOR_SCHEMA, SESSION_SCHEMA
from core.domain.records.source_records import Exhibitor, ParticipationRole, Session, Unreadable, is_id


def read(**row: Any) -> Session:
    records = SESSION_SCHEMA.read_rows([{"id": "s1", **row}]).records
    assert len(records) == 1
    assert isinstance(records[0], Session), records[0]
    return records[0]


def read_exhibitor(**row: Any) -> Exhibitor:
    (record,) = EXHIBITOR_SCHEMA.read_rows([{"id": "e1", **row}]).records
    assert isinstance(record, Exhibitor)
    return record


def person(**row: Any) -> dict[str, Any]:
    return {"id": "p1", "first_name": "Ada", "email": "ada@example.org", **row}


def test_session_needs_only_an_id() -> None:
    assert read() == Session(read().id)


def test_ids_can_be_numbers() -> None:
    (session,) = SESSION_SCHEMA.read_rows([{"id": 7, "speakers": [{"id": 8}]}]).records
    assert isinstance(session, Session)
    assert session.id == "7"
    assert session.people[0].person.id == "8"


@pytest.mark.parametrize("unassigned", [{}, None, [], "Python"])
def test_unassigned_track_is_none(unassigned: object) -> None:
    assert read(track=unassigned, title="Talk") == read(title="Talk")


def test_tags_are_read_by_name() -> None:
    assert read(tags=[{"name": "Web"}, {}, None, {"name": None}, "x"], track={"name": "Data"}).tags == (
        "Web",
    )


def test_rule_12_custom_status_counts_by_category_and_not_by_name() -> None:
    assert (
        read(status="pending", custom_status={"name": "declined", "status": "accepted"}).status == "accepted"
    )
    assert read(status="pending", custom_status={"name": "accepted"}).status == "pending"
    assert read(status="pending", custom_status={"name": "accepted", "status": None}).status == "pending"
    assert read(status="pending", custom_status={}).status == "pending"
    assert read(status=None, custom_status={"name": "accepted"}).status is None


@pytest.mark.parametrize(
    "text",
    [
        "2027-05-01T09:00:00Z",
        "2027-05-01T09:00:00+00:00",
        "2027-05-01T09:00:00.000+00:00",
        "2027-05-01T11:00:00.000+02:00",
        "2027-05-01t09:00:00z",
    ],
)
def test_times_with_an_offset_are_read_in_every_format(text: str) -> None:
    assert read(starts_at=text).starts_at == datetime(2027, 5, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["2027-05-01T09:00:00", "2027-05-01", "tomorrow", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z"],
)
def test_invalid_times_and_times_without_offset_are_not_guessed(text: str) -> None:
    session = read(starts_at=text, ends_at=text)
    assert session.starts_at is None
    assert session.unreadable_times == (("starts_at", text), ("ends_at", text))


def test_time_of_a_wrong_type_is_unreadable_and_not_missing() -> None:
    assert read(starts_at=1714555000, ends_at=["x"]).unreadable_times == (
        ("starts_at", "1714555000"),
        ("ends_at", '["x"]'),
    )


@pytest.mark.parametrize("empty", [None, "", " ", {}])
def test_empty_time_is_missing_and_not_unreadable(empty: object) -> None:
    assert read(starts_at=empty).unreadable_times == ()


def test_participants_take_precedence_over_the_older_arrays() -> None:
    session = read(
        participants=[
            {**person(), "participant_role": {"name": "Author", "core_role": "moderator"}},
            {**person(id="p2"), "participant_role": {"name": "speaker", "core_role": "juggler"}},
            {**person(id="p3"), "participant_role": None},
        ],
        speakers=[person(id="p4")],
    )
    assert [(entry.person.id, entry.role) for entry in session.people] == [
        ("p1", ParticipationRole.MODERATOR),
        ("p2", ParticipationRole.UNKNOWN),
        ("p3", ParticipationRole.UNKNOWN),
    ]


def test_rule_14_older_arrays_define_the_role() -> None:
    session = read(
        participants=[],
        speakers=[{**person(), "participant_role": {"core_role": "moderator"}}],
        chairpersons=[person(id="p2")],
        moderators=[person(id="p3")],
    )
    assert [entry.role for entry in session.people] == [
        ParticipationRole.SPEAKER,
        ParticipationRole.CHAIRPERSON,
        ParticipationRole.MODERATOR,
    ]


def test_person_is_read_with_every_field_and_lenient_dates() -> None:
    someone = (
        read(
            speakers=[
                person(
                    last_name="Lovelace",
                    full_name="A. L.",
                    title="Countess",
                    company_name="Engines",
                    photo_url="https://example.org/a.png",
                    created_at="2027-01-01T00:00:00Z",
                    updated_at="2027-01-01T00:00:00",
                )
            ]
        )
        .people[0]
        .person
    )
    assert (someone.job_title, someone.company_name, someone.headshot) == (
        "Countess",
        "Engines",
        "https://example.org/a.png",
    )
    assert someone.created_at == datetime(2027, 1, 1, tzinfo=UTC)
    assert someone.updated_at is None


def test_person_without_an_id_is_the_same_on_every_session() -> None:
    nameless = {"first_name": "Ada", "email": "ada@example.org"}
    one = read(speakers=[nameless]).people[0].person
    two = read(participants=[{**nameless, "id": None, "title": "Countess"}]).people[0].person
    other = read(speakers=[{**nameless, "email": "a@example.org"}]).people[0].person

    assert (one.first_name, one.email) == ("Ada", "ada@example.org")
    assert not is_id(one.id)
    assert one.id == two.id != other.id


def test_empty_person_is_ignored() -> None:
    assert read(speakers=[{}, None, {"id": None, "first_name": []}]).people == ()
    assert [entry.role for entry in read(participants=[{}], moderators=[person()]).people] == [
        ParticipationRole.MODERATOR
    ]


def test_composition_source_is_recognized_by_its_role() -> None:
    assert read(composition_status={"role": "source"}).is_composition_source
    assert not read(composition_status={"role": "target"}).is_composition_source
    assert not read(composition_status={}).is_composition_source


@pytest.mark.parametrize("key", ["parent_session_friendly_id", "parent_session_friendly_id_raw"])
def test_row_with_a_parent_is_a_subsession(key: str) -> None:
    assert read(**{key: 7}).is_subsession
    assert read(**{key: ["?"]}).is_subsession
    assert not read(**{key: None}).is_subsession
    assert not read(**{key: ""}).is_subsession


def test_nested_subsessions_are_separate_rows_that_inherit_nothing() -> None:
    page = SESSION_SCHEMA.read_rows(
        [
            {
                "id": "s1",
                "status": "accepted",
                "subsessions": [
                    {"id": "s2", "is_abstract": True, "speakers": [person()]},
                    {"id": "s3", "subsessions": [{"id": "s4"}]},
                    {"title": "without an id"},
                    None,
                ],
            }
        ]
    )
    parent, *nested = [record for record in page.records if isinstance(record, Session)]
    assert not parent.is_subsession
    assert all(session.is_subsession and session.status is None for session in nested)
    assert [session.id for session in nested[:3]] == ["s2", "s3", "s4"]
    assert nested[0].is_abstract
    assert nested[0].people[0].person.first_name == "Ada"
    assert not is_id(nested[3].id)
    assert page.ids == ["s1"], "totals count rows and not what is nested in them"


def test_unstorable_characters_are_replaced() -> None:
    session = read(title="a\x00b", description="\ud800!", speakers=[person(last_name="\udfff\x00")])
    assert session.title == "a\ufffdb"
    assert session.description == "\ufffd!"
    assert session.people[0].person.last_name == "\ufffd\ufffd"


def test_numbers_become_text_and_other_invalid_values_are_removed() -> None:
    session = read(title=1984, description=["x"], track=[], tags={}, speakers=[person(title=3, email=[])])
    assert (session.title, session.description, session.track, session.tags) == ("1984", None, None, ())
    assert session.people[0].person.job_title == "3"
    assert session.people[0].person.email is None


@pytest.mark.parametrize(
    "odd",
    [
        {"is_abstract": "perhaps"},
        {"composition_status": "source"},
        {"status": {"name": "accepted"}},
        {"custom_status": "accepted"},
        {"participants": {"error": "timeout"}},
        {"participants": ["x"]},
        {"speakers": "Ada"},
        {"moderators": [7]},
    ],
)
def test_rule_34_decisive_fields_are_not_guessed(odd: dict[str, Any]) -> None:
    (record,) = SESSION_SCHEMA.read_rows([{"id": "s1", "title": "Talk", **odd}]).records
    assert isinstance(record, Unreadable)
    assert (record.id, record.label) == ("s1", "Talk")
    assert next(iter(odd)) in record.problem


def test_rule_29_bad_row_is_reported_and_the_others_are_read() -> None:
    rows = [
        {"id": "s1"},
        "row",
        None,
        {"title": "No id"},
        {"id": " ", "name": "x\x00"},
        {"id": [1]},
        {"id": "s2"},
    ]
    records = SESSION_SCHEMA.read_rows(rows).records

    assert [type(record) for record in records] == [Session, *[Unreadable] * 5, Session]
    bad = [record for record in records if isinstance(record, Unreadable)]
    assert not any(is_id(record.id) for record in bad)
    assert len({record.id for record in bad}) == 5
    assert [record.problem for record in bad[:3]] == [
        "The row is text instead of an object.",
        "The row is null instead of an object.",
        "The row has no valid id.",
    ]
    assert bad[2].label == "No id"
    assert bad[3].label == "x\ufffd"
    assert [record.id for record in SESSION_SCHEMA.read_rows(rows).records] == [
        record.id for record in records
    ]


def test_exhibitor_is_read_with_its_contacts() -> None:
    exhibitor = read_exhibitor(
        name="Engines",
        logo_image_url="https://example.org/l.png",
        contacts=[
            {
                **person(),
                "is_primary": True,
                "relationship_created_at": "2027-01-01T00:00:00Z",
                "contact_created_at": "2026-01-01T00:00:00Z",
            },
            {**person(id="p2"), "is_primary": "what"},
            None,
        ],
    )
    first, second = exhibitor.contacts
    assert first.is_primary
    assert first.in_role_since == datetime(2027, 1, 1, tzinfo=UTC)
    assert first.person.created_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert not second.is_primary


def test_event_without_a_zone_has_none() -> None:
    (event,) = EVENT_SCHEMA.read_rows([{"id": 5}]).records
    assert (event.id, getattr(event, "name", None), getattr(event, "time_zone", "")) == ("5", "5", None)


KEYS = (
    *("id", "name", "title", "starts_at", "participants", "speakers", "contacts", "track", "tags"),
    *("participant_role", "core_role", "is_abstract", "composition_status", "custom_status", "subsessions"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=6,
        )
    ),
    max_leaves=30,
)


@given(st.lists(JSON, max_size=4))
def test_any_rows_are_read_or_reported(rows: list[object]) -> None:
    for shape in (EVENT_SCHEMA, SESSION_SCHEMA, EXHIBITOR_SCHEMA):
        page = shape.read_rows(rows)
        assert len(page.ids) == len(rows)
        assert len(page.records) >= len(rows)


def test_rule_34_exhibitor_with_unreadable_contacts_is_unreadable() -> None:
    (record,) = EXHIBITOR_SCHEMA.read_rows(
        [{"id": "x1", "name": "Acme", "contacts": {"error": "timeout"}}]
    ).records
    assert isinstance(record, Unreadable)
    assert "contacts" in record.problem
