"""Stands in for a GPU: real files, real time, real photos, no training.

Everything it makes is labelled as simulated.
"""
