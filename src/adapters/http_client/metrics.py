"""Metrics of the requests to other systems and their waits."""

from prometheus_client import Counter

NO_RESPONSE = "none"
"""Label in place of a status."""
WEBHOOK = "webhook"
"""Label in place of a webhook's host: organizations choose those, so they are unbounded and may be private."""
THROTTLED, FAILED, PACED = "429", "error", "pacing"
"""Why a request waited: the host asked for it; an earlier attempt failed; our limit of concurrent requests."""
REQUESTS = Counter("gleanin_sync_requests_total", "Requests to other hosts.", ("host", "status"))
WAITED = Counter(
    "gleanin_sync_waited_seconds_total", "Seconds that requests to other hosts waited.", ("host", "why")
)
