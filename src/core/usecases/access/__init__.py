"""Accounts, sign-in, keys, permissions and portal links (rule 31)."""
