"""Readers of other programs' files: each turns one form of file into a lazy stream of items and broken lines."""
