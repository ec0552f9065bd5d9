"""Copying a live store into another database, row by row the same, whichever of the two SQLite and PostgreSQL are."""
