"""Notify organizations of syncs that start to fail and that work again."""
