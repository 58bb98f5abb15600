"""Which records sync (rules 12 to 20)."""
