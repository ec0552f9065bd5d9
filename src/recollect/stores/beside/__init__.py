"""Vectors in an index of its own beside the records: what every such index shares."""
