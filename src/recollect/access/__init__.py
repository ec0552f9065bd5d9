"""Who may do what: one decision for every verb of every edge, and a scope that the stores cannot widen."""
