"""Colour spaces and differences in floating point (IEC 61966-2-1, Adobe RGB (1998), SMPTE
EG 432-1, CIE 15, CIE 142-2001), independent of what the site converts with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Primaries = tuple[tuple[float, float], ...]

D65, D50 = (0.3127, 0.3290), (0.3457, 0.3585)
SRGB: Primaries = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
DISPLAY_P3: Primaries = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
ADOBE_RGB: Primaries = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def white(point: tuple[float, float]) -> Array:
    x, y = point
    return np.array([x / y, 1.0, (1 - x - y) / y])


def matrix(primaries: Primaries, point: tuple[float, float] = D65) -> Array:
    """Return what turns linear RGB into XYZ."""
    columns = np.array([white(one) for one in primaries]).T
    result: Array = columns * np.linalg.solve(columns, white(point))
    return result


def srgb_linear(values: Array) -> Array:
    result: Array = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return result


def to_xyz(linear: Array, primaries: Primaries) -> Array:
    result: Array = linear @ matrix(primaries).T
    return result


def xyz_to_linear_srgb(xyz: Array) -> Array:
    result: Array = xyz @ np.linalg.inv(matrix(SRGB)).T
    return result


def adapted(xyz: Array, before: tuple[float, float], after: tuple[float, float]) -> Array:
    """Return XYZ for another white, by Bradford's transform."""
    scale = np.diag((_BRADFORD @ white(after)) / (_BRADFORD @ white(before)))
    result: Array = xyz @ (np.linalg.inv(_BRADFORD) @ scale @ _BRADFORD).T
    return result


def lab_of(xyz: Array, point: tuple[float, float] = D65) -> Array:
    ratio = np.maximum(xyz, 0) / white(point)
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    result: Array = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)
    return result


def xyz_of(lab: Array, point: tuple[float, float] = D50) -> Array:
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], -1)
    ratio = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    result: Array = ratio * white(point)
    return result


def delta_e_1976(one: Array, other: Array) -> Array:
    result: Array = np.linalg.norm(one - other, axis=-1)
    return result


def delta_e_2000(one: Array, other: Array) -> Array:
    """Return CIEDE2000 (CIE 142-2001), with all weights 1."""
    (l1, a1, b1), (l2, a2, b2) = (lab.T for lab in (one, other))
    mean_chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    grow = 1 + 0.5 * (1 - np.sqrt(mean_chroma**7 / (mean_chroma**7 + 25.0**7)))
    c1, c2 = np.hypot(a1 * grow, b1), np.hypot(a2 * grow, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a * grow)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = (h2 - h1 + 180) % 360 - 180
    turn = np.where(c1 * c2 == 0, 0, turn)
    hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    mean_hue = np.where(c1 * c2 == 0, h1 + h2, (h1 + turn / 2) % 360)
    t = (
        1 - 0.17 * _cos(mean_hue - 30) + 0.24 * _cos(2 * mean_hue)
        + 0.32 * _cos(3 * mean_hue + 6) - 0.20 * _cos(4 * mean_hue - 63)
    )  # fmt: skip
    s_light = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    s_chroma, s_hue = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    swing = 60 * np.exp(-(((mean_hue - 275) / 25) ** 2))
    tilt = -2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7)) * np.sin(np.radians(swing))
    dl, dc, dh = (l2 - l1) / s_light, (c2 - c1) / s_chroma, hue / s_hue
    result: Array = np.sqrt(dl**2 + dc**2 + dh**2 + tilt * dc * dh)
    return result


def _cos(degrees: Array) -> Array:
    result: Array = np.cos(np.radians(degrees))
    return result
