"""Proves on a CPU that the whole path learns: site, trainer, child process, weights, pictures."""
