"""Guards around every request: host, origin, size, time, rate, token."""
