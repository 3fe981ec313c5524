"""An emulator of Replicate's HTTP API: real requests, nothing trained, nothing generated.

Its account is called "emulated", and every answer, log and picture says what it is.
"""
