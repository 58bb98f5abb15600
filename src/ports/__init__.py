"""What the core asks of the world: one small Protocol per role, with its errors."""
