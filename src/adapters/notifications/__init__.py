"""Notices to webhooks and by e-mail."""
