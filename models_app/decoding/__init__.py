"""Opens photos in processes of their own, with limits on memory and time.

A decoder that runs wild, crashes or is taken over has nothing but the one photo it was given: no
environment, no database, and seconds to live. `process.py` runs on our side; `worker.py` is the
other side and imports nothing but Pillow, so that it starts within 50 ms.
"""
