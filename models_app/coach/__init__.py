"""Advice on photos: what is measured of each (in a worker), and what is made of it (when shown).

Measures are stored, advice is not: it depends on the subject and on the other photos, and its
rules may change without a photo being opened again.
"""
