"""The display names of the two systems."""

SESSIONBOARD = "Sessionboard"
GLEANIN = "Gleanin"
