"""Notifications about syncs that start to fail or recover."""
