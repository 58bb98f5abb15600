"""The programme of the pretalx server: pretalx's own test data, moved into the future, and edits of it."""

import datetime as dt
import random
from collections.abc import Callable
from typing import Any

from django.core.management import call_command
from django.db.models import F
from django.utils.timezone import now
from django_scopes import scope, scopes_disabled
from pretalx.event.models import Event, Team
from pretalx.person.models import User, UserApiToken
from pretalx.schedule.models import TalkSlot
from pretalx.submission.models import Answer, Question, Submission, Track

SLUG = "democon"
OTHER = "othercon"
AHEAD = dt.timedelta(days=60)


def create() -> None:
    """Create the test event, with German as its first language, and another event that no token includes."""
    User.objects.create_superuser(email="root@example.org", password="x" * 20)
    random.seed(15)  # the command seeds another generator only
    call_command("create_test_event", seed="15", slug=SLUG)
    with scopes_disabled():
        event = Event.objects.get(slug=SLUG)
        event.locale, event.locale_array = "de", "de,en"
        event.name = {"en": "DemoCon", "de": "DemoKonferenz"}
        event.date_from, event.date_to = event.date_from + AHEAD, event.date_to + AHEAD
        event.save()
        TalkSlot.objects.filter(start__isnull=False).update(start=F("start") + AHEAD, end=F("end") + AHEAD)
        for number, track in enumerate(Track.objects.all()):
            track.name = {"en": f"Track {number}", "de": f"Strang {number}"}
            track.save()
        Event.objects.create(
            name="OtherCon",
            slug=OTHER,
            organiser=event.organiser,
            is_public=True,
            date_from=event.date_from,
            date_to=event.date_to,
            timezone="Europe/Berlin",
            email="other@example.org",
            locale_array="en",
            locale="en",
        )


def event() -> Event:
    """Return the event, without anything that it has cached."""
    with scopes_disabled():
        return Event.objects.get(slug=SLUG)


def make_token(*endpoints: str, can_change_submissions: bool = True) -> str:
    """Make a token of a user in a team of his own, which may read some lists."""
    current, name = event(), f"sync-{UserApiToken.objects.count()}"
    user = User.objects.create_user(email=f"{name}@example.org", name=name)
    team = Team.objects.create(
        organiser=current.organiser, name=name, can_change_submissions=can_change_submissions
    )
    team.members.add(user)
    team.limit_events.add(current)
    token = UserApiToken.objects.create(
        name=name, user=user, endpoints={each: ["list"] for each in endpoints}
    )
    token.events.add(current)
    return str(token.token)


def revoke(token: str) -> None:
    UserApiToken.objects.filter(token=token).update(expires=now())


def talks() -> list[dict[str, Any]]:
    """Return all submissions, as they are in pretalx."""
    with scope(event=event()):
        return [_talk(talk) for talk in event().submissions.order_by("title", "code")]


def _talk(talk: Submission) -> dict[str, Any]:
    slots = talk.slots.filter(schedule=talk.event.current_schedule, start__isnull=False)
    return {
        "code": talk.code,
        "title": talk.title,
        "state": talk.state,
        "track": talk.track.name.localize("de"),
        "abstract": talk.abstract,
        "starts": [slot.start.isoformat() for slot in slots.order_by("start")],
        "speakers": {user.code: {"name": user.name, "email": user.email} for user in talk.speakers.all()},
    }


def edit(code: str, changes: dict[str, Any]) -> None:
    talk = _find(code)
    for name, value in changes.items():
        setattr(talk, name, value)
    with scope(event=talk.event):
        talk.save()


def withdraw(code: str) -> None:
    talk = _find(code)
    with scope(event=talk.event):
        talk.withdraw(force=True)


def accept(code: str) -> None:
    """Accept a submission; its speakers have not confirmed it."""
    talk = _find(code)
    with scope(event=talk.event):
        talk.accept()


def confirm(code: str) -> None:
    talk = _find(code)
    with scope(event=talk.event):
        talk.confirm()


def schedule(code: str, *starts: str) -> None:
    """Schedule a submission at some times, and release the schedule."""
    talk = _find(code)
    with scope(event=talk.event):
        talk.slot_count = len(starts)
        talk.save()
        talk.update_talk_slots()
        slots = talk.slots.filter(schedule=talk.event.wip_schedule).order_by("pk")
        for slot, start in zip(slots, starts, strict=True):
            slot.start = dt.datetime.fromisoformat(start)
            slot.end = slot.start + dt.timedelta(minutes=talk.get_duration())
            slot.room = talk.event.rooms.first()
            slot.save()
    release()


def release() -> None:
    """Release the schedule as it is planned."""
    current = event()
    with scope(event=current):
        current.wip_schedule.freeze(f"v{current.schedules.count()}.1", notify_speakers=False)


def change_speaker(code: str, changes: dict[str, Any]) -> None:
    User.objects.filter(code=code).update(**changes)


def answer(text: str, answers: dict[str, str]) -> int:
    """Ask speakers a question, store answers by the speakers' codes, and return the question's number."""
    current = event()
    with scope(event=current):
        question = Question.objects.create(
            event=current, question={"en": text, "de": f"{text} (de)"}, variant="string", target="speaker"
        )
        for code, given in answers.items():
            Answer.objects.create(question=question, person=User.objects.get(code=code), answer=given)
        return int(question.pk)


def _find(code: str) -> Submission:
    with scopes_disabled():
        return Submission.all_objects.get(code=code, event=event())


EDITS: dict[str, Callable[..., Any]] = {
    edit.__name__: edit
    for edit in (
        make_token,
        revoke,
        talks,
        edit,
        withdraw,
        accept,
        confirm,
        schedule,
        release,
        change_speaker,
        answer,
    )
}
