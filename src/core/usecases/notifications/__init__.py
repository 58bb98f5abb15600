"""Notify organizations when a sync starts to fail and when it recovers."""
