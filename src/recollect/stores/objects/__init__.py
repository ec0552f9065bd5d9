"""Named objects in a folder or in object storage, plain or sealed."""
