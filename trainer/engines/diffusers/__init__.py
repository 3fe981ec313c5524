"""The engine that really trains. What is directly in here needs no torch: that is `child`'s,
which runs in a process of its own, with a Python environment of its own."""
