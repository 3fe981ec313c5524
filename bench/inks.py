"""A printer's profile made by code: four inks on paper, with a table from inks to Lab.

The inks are those of a rough model (each lets through its share of red, green and blue), which is
enough: what matters is that table and reference agree (ICC.1:2001-04, 6.5.8 “lut16Type”).
"""

from __future__ import annotations

import struct

import numpy as np

from bench.colour_maths import D50, D65, SRGB, Array, adapted, lab_of, to_xyz, xyz_of

POINTS = 9
# What full cyan, magenta, yellow and black let through of linear red, green and blue.
_INKS = np.array([[0.05, 0.45, 0.75], [0.70, 0.06, 0.25], [0.92, 0.80, 0.06], [0.03, 0.03, 0.03]])
_PAPER = np.array([0.93, 0.92, 0.88])


def lab(shares: Array) -> Array:
    """Return the Lab (D50) of ink shares from 0 to 1."""
    light = np.prod(1 - shares[..., None] * (1 - _INKS), axis=-2) * _PAPER
    return lab_of(adapted(to_xyz(light, SRGB), D65, D50), D50)


def xyz(values: Array) -> Array:
    """Return the XYZ (D65) of inks from 0 to 255, as the table has it between its points."""
    shares = values / 255.0 * (POINTS - 1)
    low = np.minimum(shares.astype(int), POINTS - 2)
    part = shares - low
    total = np.zeros((*shares.shape[:-1], 3))
    for corner in range(16):
        bits = np.array([corner >> at & 1 for at in range(4)])
        weight = np.prod(np.where(bits, part, 1 - part), -1)
        total += weight[..., None] * lab((low + bits) / (POINTS - 1))
    return adapted(xyz_of(total), D50, D65)


def profile() -> bytes:
    """Return the profile: its header, and a table from inks to Lab."""
    axis = np.arange(POINTS) / (POINTS - 1)
    grid = np.stack(np.meshgrid(*[axis] * 4, indexing="ij"), -1).reshape(-1, 4)
    table = _sixteen_bits(lab(grid)).astype(">u2").tobytes()
    line = struct.pack(">2H", 0, 65535)
    identity = struct.pack(">9i", *(65536 if at % 4 == 0 else 0 for at in range(9)))
    head = b"mft2" + bytes(4) + bytes([4, 3, POINTS, 0]) + identity + struct.pack(">2H", 2, 2)
    lut = head + line * 4 + table + line * 3
    return _file({b"A2B0": lut, b"A2B1": lut})


def _sixteen_bits(values: Array) -> Array:
    """Return Lab as version 2 writes it: 100 is 0xFF00, 0 of a and b is 0x8000."""
    scaled = np.stack(
        [values[:, 0] * 652.8, (values[:, 1] + 128) * 256, (values[:, 2] + 128) * 256], -1
    )
    return np.clip(np.round(scaled), 0, 65535)


def _file(tags: dict[bytes, bytes]) -> bytes:
    start = 128 + 4 + 12 * len(tags)
    body = next(iter(tags.values()))
    size = start + len(body)
    head = struct.pack(">I4sI4s4s4s", size, bytes(4), 0x02400000, b"prtr", b"CMYK", b"Lab ")
    white = struct.pack(">3i", 63190, 65536, 54061)
    head = (head + bytes(12) + b"acsp" + bytes(28) + white).ljust(128, b"\0")
    table = b"".join(struct.pack(">4sII", name, start, len(body)) for name in tags)
    return head + struct.pack(">I", len(tags)) + table + body
