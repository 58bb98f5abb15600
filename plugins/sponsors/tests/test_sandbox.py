"""The sponsors of the sandbox: some of the packaged conference, and two of any other event."""

from entrypoints.sandbox.loading import packaged
from gleanin_sync_sponsors.sandbox import rows_of
from plugins.sponsors.tests.samples import read


def test_a_company_of_the_packaged_conference_is_an_exhibitor_too_and_a_contact_is_a_speaker() -> None:
    lantern = packaged()[0]
    sponsors = read(*rows_of(lantern["event"]))
    contacts = {contact.person.id for sponsor in sponsors for contact in sponsor.contacts}
    exhibitors = {
        contact["id"]: exhibitor["name"]
        for exhibitor in lantern["exhibitors"]
        for contact in exhibitor["contacts"]
    }
    speakers = {
        person["id"]
        for session in lantern["sessions"]
        if session["status"] == "accepted"
        for person in session["participants"] or session["speakers"]
    }
    assert {exhibitors[each] for each in contacts & exhibitors.keys()} == {"Beacon Badges"}
    assert "Beacon Badges" in {sponsor.name for sponsor in sponsors}
    assert contacts & speakers


def test_other_events_have_sponsors_of_their_own() -> None:
    one, other = (read(*rows_of({"id": event_id, "name": "PyConf"})) for event_id in (7, "8"))
    assert len(one) == len(other) == 2
    ids = [{each.person.id for sponsor in rows for each in sponsor.contacts} for rows in (one, other)]
    assert not ids[0] & ids[1]
