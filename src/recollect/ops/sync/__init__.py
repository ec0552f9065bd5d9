"""A node and its center: what may leave, how it is written down, and who exchanges it when."""
