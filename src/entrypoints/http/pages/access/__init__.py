"""Pages for signing in, and for the own account."""
