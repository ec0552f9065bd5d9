"""Mem0's own contracts, so that its unmodified clients work against this server."""
