"""Sessionboard: over HTTP, and from a saved event."""
