"""Reads ZIP archives of photos that anybody may have made, within bounds of memory and disk.

`records` reads what the file says of itself, `names` what its members are called, `inspection`
judges each member before anything is unpacked, `unpacking` takes one out, `reading` makes a set of
photos of it all. Names are for showing only and never become paths.
"""
