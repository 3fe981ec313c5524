"""Fault injection for tests: the trainer fails in the ways real ones do, on purpose.

Off unless TRAINER_FAULTS=1. Off, none of it is reachable.
"""
