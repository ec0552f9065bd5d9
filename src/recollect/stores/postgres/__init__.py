"""PostgreSQL behind the SQL core: its connections and errors, its full text, and pgvector where it is there."""
