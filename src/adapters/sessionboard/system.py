"""How Sessionboard is called."""

from core.domain.systems import ExternalSystem

SESSIONBOARD = ExternalSystem("sessionboard", "Sessionboard")
