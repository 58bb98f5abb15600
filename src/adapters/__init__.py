"""What the core asks of the world, given by one technology per folder."""
