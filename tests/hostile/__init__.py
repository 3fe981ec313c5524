"""Hostile input, made by code: files that mean harm, and ways of sending them.

`corpus.py` has every case; the tests here take a sample of it in, `make bench-hostile` all of it.
"""
