"""Keeping tokens secret at rest."""
