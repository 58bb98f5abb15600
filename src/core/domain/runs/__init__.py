"""Sync runs: when they start, how they end, and what they say (rules 23, 24, 28 and 29)."""
