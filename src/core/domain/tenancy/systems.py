"""The two sides, by the names that people know them by."""

SESSIONBOARD = "Sessionboard"
GLEANIN = "Gleanin"
