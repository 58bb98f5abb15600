"""Carrying out booked runs."""
