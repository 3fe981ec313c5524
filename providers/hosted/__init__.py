"""What hosted trainers have in common: ZIPs of photos, published schemas, logs as text."""
