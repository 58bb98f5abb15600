"""Connect organizations, change and remove them (rules 1 to 3 and 9)."""
