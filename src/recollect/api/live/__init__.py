"""Live events: one reader of the change log, many listeners."""
