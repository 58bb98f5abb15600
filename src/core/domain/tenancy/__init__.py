"""Organizations, their connections and event mappings (rules 1 to 9)."""
