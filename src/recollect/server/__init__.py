"""One process that holds the store, the worker and the HTTP edge."""
