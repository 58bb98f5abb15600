"""Request runs, decide what starts next, recover and forget (rules 23, 24, 28 and 29)."""
