"""Turns a memory into what it is found by and known for: chunks, terms, names, judgement, facts, summaries."""
