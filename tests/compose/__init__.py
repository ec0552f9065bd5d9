"""Tests of the room that turns hits into a context."""
