"""Turns hits into a context: a short, sourced text within a budget of tokens."""
