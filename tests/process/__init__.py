"""Tests of the room that turns memories into what they are found by."""
