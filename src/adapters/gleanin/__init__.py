"""Gleanin over HTTP."""
