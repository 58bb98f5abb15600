"""What people do with the product: one verb per module."""
