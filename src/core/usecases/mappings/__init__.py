"""Map events, change what a mapping syncs, remove mappings (rules 4 to 8 and 10)."""
