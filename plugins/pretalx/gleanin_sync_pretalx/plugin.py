"""What an admin enters for pretalx, and how it is opened."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gleanin_sync_pretalx.client import API_VERSION, PretalxClient
from gleanin_sync_pretalx.questions import QuestionNames
from gleanin_sync_pretalx.source import PretalxSource
from ports.plugins import Access, AccessField, OpenHttp, SourcePlugin

JOB_TITLE, COMPANY = "job_title_question", "company_question"
_API = "/api"
_NAMED = (
    "Named by its number, its identifier or its text in any language; several, separated by semicolons, if the events "
    "have different ones. The token must be allowed to read the list of questions."
)


def api_url(url: str) -> str:
    """Return the address of the API of a pretalx server."""
    base = url.rstrip("/")
    return base if base.endswith(_API) else base + _API


@asynccontextmanager
async def _open(access: Access, http: OpenHttp) -> AsyncIterator[PretalxSource]:
    headers = {"Authorization": f"Token {access.token.value}", "Pretalx-Version": API_VERSION}
    async with http(api_url(access.url), headers) as opened:
        names = QuestionNames(access.fields.get(JOB_TITLE, ""), access.fields.get(COMPANY, ""))
        yield PretalxSource(PretalxClient(opened), names, access.readers)


PLUGIN = SourcePlugin(
    "pretalx",
    "pretalx",
    _open,
    url_help="The address of the pretalx server, such as https://pretalx.com or https://talks.example.org.",
    access_help=(
        "An API token of a user whose team can change submissions; it includes the events, and may read the list of "
        "submissions."
    ),
    access_fields=(
        AccessField(
            JOB_TITLE,
            "Question for the job title",
            f"The question for speakers whose answer is the job title. {_NAMED}",
            is_required=False,
        ),
        AccessField(
            COMPANY,
            "Question for the company",
            f"The question for speakers whose answer is the company. {_NAMED}",
            is_required=False,
        ),
    ),
    time_zone_help="pretalx shows the zone in the event's settings, where an organizer can change it.",
)
