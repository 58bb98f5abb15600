"""Accounts, keys, permissions and portal links (rule 31)."""
