"""What several processes share for a while, in Redis. Losing it is always allowed."""
