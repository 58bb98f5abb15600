"""Share links written back into the source: which, where, and by which rules (rule 38)."""
