"""Notifications to webhooks and by e-mail."""
