"""What is stored, by subject, and the unit of work that reads and writes it."""
