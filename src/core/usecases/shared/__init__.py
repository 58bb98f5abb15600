"""Steps that several use cases have in common."""
