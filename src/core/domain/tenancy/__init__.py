"""Organizations, their connections, and which events are mapped (rules 1 to 9)."""
