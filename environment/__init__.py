"""What operators set: every variable, declared once, and read by one rule.

A value is taken literally, or the process does not start and says in one sentence which variable
is wrong. Knows nothing of the site and nothing of the trainer, which both read their settings here.
"""
