"""Sync runs: when they start, how they end, and their messages (rules 23, 24, 28 and 29)."""
