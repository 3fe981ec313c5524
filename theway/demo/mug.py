"""Sample photos to train on: a mug, rendered from several sides."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

Vector = tuple[float, float, float]
Colour = tuple[int, int, int]

SIDE = 1024  # pixels
SMOOTHING = 2  # rendered larger, then scaled down
SEGMENTS = 96
LIGHT: Vector = (-0.45, -0.55, 0.7)
GLAZE, STRIPE, INSIDE = (52, 94, 168), (240, 232, 214), (226, 222, 212)
# (radius, height, colour of the ring up to the next point), from the foot to the inner floor.
PROFILE: tuple[tuple[float, float, Colour], ...] = (
    (0.0, -1.0, GLAZE),
    (0.78, -1.0, GLAZE),
    (0.85, -0.9, GLAZE),
    (0.85, -0.55, GLAZE),
    (0.85, -0.2, STRIPE),
    (0.85, 0.25, GLAZE),
    (0.86, 0.6, GLAZE),
    (0.88, 1.0, INSIDE),
    (0.8, 1.0, INSIDE),
    (0.79, 0.5, INSIDE),
    (0.78, 0.0, INSIDE),
    (0.78, -0.5, INSIDE),
    (0.77, -0.85, INSIDE),
    (0.0, -0.85, INSIDE),
)
HANDLE_BEND, HANDLE_THICKNESS, HANDLE_STEPS, HANDLE_SIDES = 0.5, 0.11, 16, 10


@dataclass(frozen=True, slots=True)
class View:
    """The camera: angles in degrees around and above, distance in mug heights."""

    around: float
    above: float
    distance: float
    backdrop: Colour


@dataclass(frozen=True, slots=True)
class Face:
    corners: tuple[Vector, ...]
    colour: Colour


VIEWS = (
    View(20, 14, 4.6, (229, 224, 214)),
    View(65, 22, 4.2, (214, 222, 226)),
    View(110, 10, 4.8, (232, 226, 230)),
    View(160, 30, 4.4, (221, 228, 218)),
    View(205, 18, 4.0, (226, 226, 226)),
    View(250, 38, 4.6, (236, 228, 214)),
    View(300, 12, 4.3, (216, 220, 230)),
    View(340, 26, 5.0, (228, 232, 226)),
)


def render_photos(folder: Path) -> list[Path]:
    """Render the mug from every side into `folder` and return the files."""
    faces = [*_body(), *_handle()]
    paths = []
    for number, view in enumerate(VIEWS, start=1):
        path = folder / f"mug-{number}.jpg"
        render(faces, view).save(path, quality=92)
        paths.append(path)
    return paths


def render(faces: list[Face], view: View) -> Image.Image:
    """Project, shade and paint the faces turned to the camera, the farthest first."""
    side = SIDE * SMOOTHING
    image = Image.new("RGB", (side, side), view.backdrop)
    canvas = ImageDraw.Draw(image)
    _paint_table(canvas, side, view)
    visible = [(_to_camera(face, view), face) for face in faces]
    visible.sort(key=lambda pair: -sum(corner[1] for corner in pair[0]) / len(pair[0]))
    for corners, face in visible:
        outline = [_project(corner, side) for corner in corners]
        if _faces_camera(outline):
            colour = _shade(face)
            canvas.polygon(outline, colour, outline=colour)
    return image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def _body() -> Iterator[Face]:
    """Rotate the profile around the vertical axis."""
    for row, (_, _, colour) in enumerate(PROFILE[:-1]):
        for column in range(SEGMENTS):
            yield _face(_on_body, row, column, colour)


def _handle() -> Iterator[Face]:
    """Half a torus at the right side of the mug."""
    for step in range(HANDLE_STEPS):
        for side in range(HANDLE_SIDES):
            yield _face(_on_handle, step, side, GLAZE)


def _face(point: Callable[[int, int], Vector], row: int, column: int, colour: Colour) -> Face:
    """Return the face between four neighbouring points of a surface."""
    around = ((0, 0), (0, 1), (1, 1), (1, 0))
    return Face(tuple(point(row + up, column + right) for up, right in around), colour)


def _on_body(row: int, column: int) -> Vector:
    radius, height, _ = PROFILE[row]
    angle = 2 * math.pi * column / SEGMENTS
    return radius * math.cos(angle), radius * math.sin(angle), height


def _on_handle(step: int, side: int) -> Vector:
    bend = math.pi * (step / HANDLE_STEPS - 0.5)
    turn = 2 * math.pi * side / HANDLE_SIDES
    reach = HANDLE_BEND + HANDLE_THICKNESS * math.cos(turn)
    return (
        0.84 + reach * math.cos(bend),
        HANDLE_THICKNESS * math.sin(turn),
        0.05 + reach * math.sin(bend),
    )


def _to_camera(face: Face, view: View) -> tuple[Vector, ...]:
    """Turn corners so that y points away from the camera, and move them in front of it."""
    around, above = math.radians(view.around), math.radians(view.above)
    turned = []
    for x, y, z in face.corners:
        x, y = (
            x * math.cos(around) - y * math.sin(around),
            x * math.sin(around) + y * math.cos(around),
        )
        y, z = (
            y * math.cos(above) - z * math.sin(above),
            y * math.sin(above) + z * math.cos(above),
        )
        turned.append((x, y + view.distance, z))
    return tuple(turned)


def _project(corner: Vector, side: int) -> tuple[float, float]:
    x, y, z = corner
    scale = side * 1.2 / y
    return side / 2 + x * scale, side * 0.52 - z * scale


def _faces_camera(outline: list[tuple[float, float]]) -> bool:
    """Corners go counter-clockwise around the outside of a face; y grows downwards."""
    following = [*outline[1:], outline[0]]
    return (
        sum(x * down - right * y for (x, y), (right, down) in zip(outline, following, strict=True))
        < 0
    )


def _shade(face: Face) -> Colour:
    """Return the colour of a face in the light of one fixed lamp beside the mug."""
    # The diagonals: also right where two corners coincide, as in the middle of the foot.
    (ax, ay, az), (bx, by, bz), (cx, cy, cz), (dx, dy, dz) = face.corners
    ux, uy, uz, vx, vy, vz = cx - ax, cy - ay, cz - az, dx - bx, dy - by, dz - bz
    nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    length = math.sqrt(nx * nx + ny * ny + nz * nz) or 1.0
    facing = (nx * LIGHT[0] + ny * LIGHT[1] + nz * LIGHT[2]) / length
    light = 0.72 + 0.34 * facing  # light from everywhere, so that no face is black
    red, green, blue = (min(255, int(part * light)) for part in face.colour)
    return red, green, blue


def _paint_table(canvas: ImageDraw.ImageDraw, side: int, view: View) -> None:
    top = [int(part * 0.9) for part in view.backdrop]
    canvas.rectangle((0, side * 0.6, side, side), (top[0], top[1], top[2]))
    shade = [int(part * 0.72) for part in view.backdrop]
    flat = 0.05 + view.above / 400
    canvas.ellipse(
        (side * 0.2, side * (0.78 - flat), side * 0.8, side * (0.78 + flat)),
        (shade[0], shade[1], shade[2]),
    )
