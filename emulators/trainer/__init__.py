"""The real trainer, inside the fault layer and as far away as is wanted."""
