"""Stored files as a whole: which rows name them, what is lost or left over, and moving all of them
between the disk and a bucket."""
