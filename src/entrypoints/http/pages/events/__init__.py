"""Pages of an event: agenda, exhibitors, syncs and share links."""
