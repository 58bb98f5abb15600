"""The operating system's clock, random ids and temporary files."""
