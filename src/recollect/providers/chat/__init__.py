"""Language models: how they are asked, in layers that each do one thing, and who is asked for what."""
