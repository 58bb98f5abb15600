"""Request runs, select what starts next, recover runs and apply retention (rules 23, 24, 28 and 29)."""
