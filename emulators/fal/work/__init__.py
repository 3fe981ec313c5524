"""What happens to an accepted request: it waits, works, ends and tells."""
