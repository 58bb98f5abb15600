"""The rules of the product: pure code without clock, I/O or frameworks."""
