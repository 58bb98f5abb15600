"""What a record is: its kind, as the source has it, as the destination has it, and what became of it."""
