"""Read what runs did, and the share links (rules 26, 27 and 30)."""
