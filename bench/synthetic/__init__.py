"""Synthetic stores: texts whose words are as unevenly spread as in real ones, and stores filled with them."""
