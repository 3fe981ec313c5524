"""Reads how a photo is built, without decoding anything of it.

Each format has a reader that walks over the parts of a file by their lengths. It takes a seekable
file, reads headers only, gives up at the first number above `limits.STRUCTURE`, and returns a
`Shape`. Decoders see only files whose shape was found harmless.
"""
