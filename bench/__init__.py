"""Benchmarks: the product beside a bare loop of the same requests, and beside a generic tool."""
