"""Opens photos in processes of their own, with limits on memory and time.

A decoder that runs wild, crashes or is taken over has nothing but the one photo it was given: no
environment, no database, and seconds to live. `process.py` and `workers.py` run on our side. The
other side is `forkserver.py`, which has everything loaded and forks a `worker.py` for each photo.
"""
