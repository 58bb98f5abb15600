"""Write share links back into the source, and choose or order the field for them (rule 38)."""
