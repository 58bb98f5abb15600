"""How Hypothesis searches in the unit tests: as long as it needs, for a busy machine proves nothing."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
