"""In-memory implementations of the ports: shipped, typed, and tested by the same contracts as the real ones."""
