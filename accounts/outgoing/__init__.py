"""Webhooks to addresses that people name: what happened to their models, told to their programs.

Signed by the Standard Webhooks rules (github.com/standard-webhooks/standard-webhooks, spec). A
message is written with the change that it tells of, in one transaction, so that none is lost and
none tells of what did not happen. The worker sends it at least once, always with the same id.
"""
