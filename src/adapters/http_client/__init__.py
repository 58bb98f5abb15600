"""The HTTP client that sends every request to another system."""
