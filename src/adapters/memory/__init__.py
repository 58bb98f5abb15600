"""Stand-ins for the ports, in memory: shipped, typed, and held to the same contracts as the real ones."""
