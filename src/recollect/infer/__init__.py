"""What language models do for memories: each with its prompt, an answer checked item by item, a rule behind it."""
