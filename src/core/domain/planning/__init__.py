"""Planning: what a sync does with each record (rules 10 and 19 to 22)."""
