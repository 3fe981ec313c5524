"""One file that an installation can be made from again: database, files, journal, secret key.

`making.py` writes it while everything runs, `restoring.py` reads it while nothing does.
"""
