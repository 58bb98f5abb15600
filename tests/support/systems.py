"""The systems of the tests."""

from core.domain.systems import ExternalSystem, Systems

SESSIONBOARD = ExternalSystem("sessionboard", "Sessionboard")
GLEANIN = ExternalSystem("gleanin", "Gleanin")
SYSTEMS = Systems(SESSIONBOARD, GLEANIN)
