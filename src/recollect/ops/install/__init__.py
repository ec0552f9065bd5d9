"""Enters recollect into the settings of assistants, and takes it out again."""
