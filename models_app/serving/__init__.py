"""Stored files on their way to their owners: whole, in parts, or not at all where they have them.

Whoever calls has asked whose they are.
"""
