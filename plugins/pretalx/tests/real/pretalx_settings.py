"""pretalx's own settings, for a server without collected static files: pages of errors need none then."""

from pretalx.settings import *  # noqa: F403
from pretalx.settings import DATABASES, STORAGES

STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
# Requests are answered by threads, while the test edits the programme.
DATABASES["default"]["OPTIONS"] = {"timeout": 60}
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
