"""Backups: a store's rows in sealed pieces, in a folder or in object storage, and the way back."""
