"""Colour profiles for photos that name their colours by numbers (ITU-T H.273) or by a word.

LittleCMS takes profiles, so numbers become a small one: three primaries, a white point and a
curve (ICC.1:2001-04, 6.3.1.2 “Three-component matrix-based input profiles”).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

Chromaticities = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
_Matrix = list[list[float]]

_D65, _D50 = (0.3127, 0.3290), (0.9642, 1.0, 0.8249)
# H.273, table 2: red, green, blue.
_PRIMARIES: dict[int, Chromaticities] = {
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),  # BT.709, sRGB
    5: ((0.640, 0.330), (0.290, 0.600), (0.150, 0.060)),  # BT.601, 625 lines
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),  # BT.601, 525 lines
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),  # BT.2020
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),  # Display P3
}
_ADOBE_RGB: Chromaticities = ((0.640, 0.330), (0.210, 0.710), (0.150, 0.060))
_ADOBE_GAMMA = 563 / 256
_SRGB_COLOURS = 1
_CICP_SIZE, _PRIMARIES_SIZE = 4, 32
_PNG_GAMMA, _PNG_GAMMA_ERROR, _NEAR = 45_455, 1_000, 0.003  # 1 / 2.2, which stands for sRGB's curve
_POINTS = 1024
# Bradford's cone responses (ICC.1:2001-04, annex E).
_BRADFORD = [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]


def _srgb(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else math.pow((value + 0.055) / 1.055, 2.4)


def _pq(value: float) -> float:
    """SMPTE ST 2084, where white is the 203 cd/m² of BT.2408; what is brighter is white too."""
    power = math.pow(value, 1 / 78.84375)
    light = max(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)
    return min(10_000 * math.pow(light, 1 / 0.1593017578125) / 203, 1.0)


def _hlg(value: float) -> float:
    """BT.2100's hybrid log-gamma; white is at 75 % of the signal (BT.2408)."""

    def scene(signal: float) -> float:
        if signal <= 0.5:
            return signal * signal / 3
        return (math.exp((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12

    return min(math.pow(scene(value) / scene(0.75), 1.2), 1.0)


# H.273, table 3. BT.709's and its kin are shown like sRGB everywhere.
_CURVES: dict[int, Callable[[float], float]] = {
    4: lambda value: math.pow(value, 2.2),
    5: lambda value: math.pow(value, 2.8),
    8: lambda value: value,
    16: _pq,
    18: _hlg,
}


def profile_of(nclx: tuple[int, int, int] | None) -> bytes | None:
    """Return a profile for colours by number: primaries, transfer, matrix; None for sRGB's."""
    if nclx is None:
        return None
    primaries = nclx[0] if nclx[0] in _PRIMARIES else _SRGB_COLOURS
    curve = _CURVES.get(nclx[1])
    # The two of BT.601 differ from sRGB by less than anybody sees, and mostly are not meant.
    if primaries in {_SRGB_COLOURS, 5, 6} and curve is None:
        return None
    return profile(_PRIMARIES[primaries], curve or _srgb)


def profile_of_png(info: Mapping[Any, Any]) -> bytes | None:
    """Return a profile for what a PNG says besides one (W3C PNG, 11.3.2 and 4.3), None for sRGB's.

    Numbers come before a profile, which comes before curve and primaries; `info` has their bytes.
    """
    if len(cicp := info.get("cicp", b"")) == _CICP_SIZE:
        return profile_of((cicp[0], cicp[1], cicp[2]))
    if "srgb" in info or "icc_profile" in info:
        return None
    gamma = int.from_bytes(info.get("gamma", b""), "big") or _PNG_GAMMA
    points = info.get("primaries", b"")
    if len(points) != _PRIMARIES_SIZE:
        white, primaries = _D65, _PRIMARIES[_SRGB_COLOURS]
    else:
        numbers = [value / 100_000 for value in struct.unpack(">8I", points)]
        white, *rest = zip(numbers[::2], numbers[1::2], strict=True)
        primaries = (rest[0], rest[1], rest[2])
    is_usual = abs(gamma - _PNG_GAMMA) < _PNG_GAMMA_ERROR
    if is_usual and _is_srgb(primaries, white):
        return None
    if not all(0 < y <= 1 and 0 <= x <= 1 for x, y in (white, *primaries)):
        return None
    curve = _srgb if is_usual else partial(_power, exponent=100_000 / gamma)
    return profile(primaries, curve, white)


def _is_srgb(primaries: Chromaticities, white: tuple[float, float]) -> bool:
    known = (_D65, *_PRIMARIES[_SRGB_COLOURS])
    pairs = zip(known, (white, *primaries), strict=True)
    return all(abs(a - b) < _NEAR for one, other in pairs for a, b in zip(one, other, strict=True))


def _power(value: float, exponent: float) -> float:
    return math.pow(value, exponent)


def adobe_rgb() -> bytes:
    """Return a profile of Adobe RGB (1998), which cameras name in EXIF and do not enclose."""
    return profile(_ADOBE_RGB, lambda value: math.pow(value, _ADOBE_GAMMA))


def profile(
    primaries: Chromaticities,
    curve: Callable[[float], float],
    white: tuple[float, float] = _D65,
) -> bytes:
    """Return an ICC profile with these primaries and the curve from signal to light."""
    colours = _adapted(primaries, white)
    samples = [round(65535 * curve(at / (_POINTS - 1))) for at in range(_POINTS)]
    shape = b"curv" + bytes(4) + struct.pack(f">I{_POINTS}H", _POINTS, *samples)
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 2) + b"c\0" + bytes(78),
        b"wtpt": _xyz(_D50),
        **{name: _xyz(xyz) for name, xyz in zip((b"rXYZ", b"gXYZ", b"bXYZ"), colours, strict=True)},
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), shape),
    }
    return _file(tags)


def _file(tags: dict[bytes, bytes]) -> bytes:
    """Return the profile's header, its table, and the tags, each once (ICC.1, 6.1 to 6.3)."""
    table, body = b"", b""
    places: dict[bytes, int] = {}
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        if content not in places:
            places[content] = start + len(body)
            body += content + bytes(-len(content) % 4)
        table += struct.pack(">4sII", name, places[content], len(content))
    size = start + len(body)
    head = struct.pack(">I4sI4s4s4s", size, bytes(4), 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + _xyz(_D50)[8:]
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def _xyz(xyz: tuple[float, ...]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(65536 * value) for value in xyz))


def _adapted(primaries: Chromaticities, white: tuple[float, float]) -> list[tuple[float, ...]]:
    """Return the primaries' XYZ for D50, in which profiles connect."""
    columns = [_of_chromaticity(point) for point in primaries]
    matrix = [[column[row] for column in columns] for row in range(3)]
    lit = _of_chromaticity(white)
    shares = _times(_inverse(matrix), lit)
    adaptation = _adaptation(lit)
    return [
        tuple(_times(adaptation, [share * part for part in column]))
        for share, column in zip(shares, columns, strict=True)
    ]


def _of_chromaticity(point: tuple[float, float]) -> list[float]:
    x, y = point
    return [x / y, 1.0, (1 - x - y) / y]


def _adaptation(white: list[float]) -> _Matrix:
    before, after = _times(_BRADFORD, white), _times(_BRADFORD, list(_D50))
    scaled = [[a / b * v for v in row] for a, b, row in zip(after, before, _BRADFORD, strict=True)]
    back = _inverse(_BRADFORD)
    return [[sum(back[r][i] * scaled[i][c] for i in range(3)) for c in range(3)] for r in range(3)]


def _times(matrix: _Matrix, vector: list[float]) -> list[float]:
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def _inverse(matrix: _Matrix) -> _Matrix:
    (a, b, c), (d, e, f), (g, h, i) = matrix
    cofactors = [
        [e * i - f * h, c * h - b * i, b * f - c * e],
        [f * g - d * i, a * i - c * g, c * d - a * f],
        [d * h - e * g, b * g - a * h, a * e - b * d],
    ]
    whole = a * cofactors[0][0] + b * cofactors[1][0] + c * cofactors[2][0]
    return [[value / whole for value in row] for row in cofactors]
