"""Hot tenants held in memory: words, vectors and traits, caught up with the file by sequence number."""
