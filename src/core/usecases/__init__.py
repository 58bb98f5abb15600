"""The product's use cases: one verb per module."""
