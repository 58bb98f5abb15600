"""Metrics of the requests to other systems, and of the waits for them."""

from prometheus_client import Counter

NO_RESPONSE = "none"
"""In the place of a status."""
WEBHOOK = "webhook"
"""In the place of the host of a webhook: organizations choose these, as many and as private as they like."""
THROTTLED, FAILED, PACED = "429", "error", "pacing"
"""Why a request waited: the host said so; it failed before; other requests of ours are under way."""
REQUESTS = Counter("gleanin_sync_requests_total", "Requests to other hosts.", ("host", "status"))
WAITED = Counter(
    "gleanin_sync_waited_seconds_total", "Seconds that requests to other hosts waited.", ("host", "why")
)
