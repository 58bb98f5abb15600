"""The core: rules (domain) and what people do with them (use cases)."""
