"""Read outcomes and share links (rules 26, 27 and 30)."""
