"""Retention: what is put away after a while by policy, and how it comes back."""
