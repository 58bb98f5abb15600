"""One repository per port of the store."""
