"""What may be sent to the site: how much, how slowly and by whom, before a byte of it is read."""
