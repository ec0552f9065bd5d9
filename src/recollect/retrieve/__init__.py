"""Retrieve: from a question to hits."""
