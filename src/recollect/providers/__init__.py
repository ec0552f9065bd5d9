"""Models behind the ports: embedders, and the weights they need."""
