"""Secrets: tokens are encrypted, passwords hashed, addresses signed."""
