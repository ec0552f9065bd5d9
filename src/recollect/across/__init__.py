"""Several projects at once, within what an actor may read: questions, likeness, recommendations, a graph."""
