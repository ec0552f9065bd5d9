"""What is seen from outside: health, metrics, and the log of requests."""
