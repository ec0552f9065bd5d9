"""Backends behind the ports: one SQL core, and what stands in memory beside it."""
