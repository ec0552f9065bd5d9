"""Moving a store that is in use to another database, and changing the index of its vectors."""
