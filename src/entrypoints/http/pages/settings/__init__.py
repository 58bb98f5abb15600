"""Pages of an organization: connections, mappings, notifications, keys."""
