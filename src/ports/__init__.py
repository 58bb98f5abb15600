"""What the core needs from outside: one small Protocol per role, with its errors."""
