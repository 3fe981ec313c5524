"""Development only: stand-ins for hosted APIs, and the fault layer that wraps any service.

Used by tests and benches; nothing of the product imports it.
"""
