"""The store's file encrypted: SQLCipher in place of SQLite, its keys, where they are kept, and their exchange."""
