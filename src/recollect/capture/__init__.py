"""Capture: what clients hand in becomes memories ready to be written, or a typed error."""
