"""Retention over the SQL core: what a policy meets, what is put away, and the way back."""
