"""Fault injection around any ASGI service: it fails in the ways real ones do, on request."""
