"""Running requested syncs in the background."""
