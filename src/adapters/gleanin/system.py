"""How Gleanin is called."""

from core.domain.systems import ExternalSystem

GLEANIN = ExternalSystem("gleanin", "Gleanin")
