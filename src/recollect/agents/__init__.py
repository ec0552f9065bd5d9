"""What coding assistants tell through their hooks, and what they are told: events, observations, briefings."""
