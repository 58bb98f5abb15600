"""What is asked of the other sides, and waited for, in numbers for Prometheus."""

from prometheus_client import Counter

NO_ANSWER = "none"
"""In the place of a status."""
WEBHOOK = "webhook"
"""In the place of the host of a webhook: organizations choose these, as many and as private as they like."""
THROTTLED, FALTERED, PACED = "429", "error", "pacing"
"""Why a request waited: the other side said so; it failed before; others of ours are under way."""
REQUESTS = Counter("gleanin_sync_requests_total", "Requests to other hosts.", ("host", "status"))
WAITED = Counter(
    "gleanin_sync_waited_seconds_total", "Seconds that requests to other hosts waited.", ("host", "why")
)
