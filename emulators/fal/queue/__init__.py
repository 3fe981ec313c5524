"""queue.fal.run and fal.run: submit, status, result, cancel, and the direct form."""
