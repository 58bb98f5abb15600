"""Accounts, API keys, permissions, audit and portal links (rule 31)."""
