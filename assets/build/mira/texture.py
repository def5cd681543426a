"""Mira's painted textures: face, eyes, hair, cloth and the flat colours of the face's lines."""

# Coordinates and radii read best in the order of a drawing.
# ruff: noqa: PLR0917
from __future__ import annotations

import io

import numpy as np

from assets.build.mira.look import RGB, Look
from assets.build.mira.mesh import F64, smooth

CELLS: dict[str, int] = {
    name: i
    for i, name in enumerate(
        ("lash", "lash_soft", "crease", "brow", "line", "mouth", "teeth", "tongue", "rim", "nape")
    )
}
"""Columns of the `lines` texture."""
LINE_COLUMNS = 16

CLOTHS: dict[str, int] = {
    name: i
    for i, name in enumerate(
        ("jacket", "trim", "accent", "blouse", "skirt", "tights", "boot", "sole", "metal", "inner")
    )
}
"""Columns of the `cloth` texture."""
_CLOTH_COLUMNS = 16


def cell_uv(cell: str, uv: F64) -> F64:
    """Local (0..1) coordinates inside a cell of the `lines` texture."""
    return np.stack(
        [(CELLS[cell] + 0.25 + 0.5 * uv[:, 0]) / LINE_COLUMNS, 0.04 + 0.92 * uv[:, 1]], 1
    )


def cloth_uv(cloth: str, uv: F64) -> F64:
    """Local (0..1) coordinates inside a column of the `cloth` texture."""
    u = np.clip(uv[:, 0], 0, 1)
    v = np.clip(uv[:, 1], 0, 1)
    return np.stack([(CLOTHS[cloth] + 0.1 + 0.8 * u) / _CLOTH_COLUMNS, 0.02 + 0.96 * v], 1)


def _solid(h: int, w: int, colour: RGB) -> F64:
    return np.broadcast_to(np.array(colour), (h, w, 3)).copy()


def _mix(base: F64, colour: tuple[float, ...], share: F64) -> F64:
    return base + np.clip(share, 0, 1)[..., None] * (np.array(colour) - base)


def _png(picture: F64) -> bytes:
    from PIL import Image

    data = (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(data, "RGB").save(out, "PNG", optimize=True)
    return out.getvalue()


def _spot(x: F64, y: F64, cx: float, cy: float, sx: float, sy: float) -> F64:
    return np.exp(-0.5 * (((x - cx) / sx) ** 2 + ((y - cy) / sy) ** 2))


def face(look: Look, size: int = 512) -> F64:
    """Skin seen from the front: blush, lips, a shadow under the nose, light on nose and lip."""
    v, u = np.mgrid[0:size, 0:size] / (size - 1)
    x, y = (u - 0.5) * 200.0, 212.0 - v * 224.0
    ax = np.abs(x)
    out = _solid(size, size, look.skin)
    warm = tuple(0.5 * (a + b) for a, b in zip(look.skin, look.blush, strict=True))
    out = _mix(out, look.blush, 0.40 * _spot(ax, y, 46, 70, 11.5, 6.5))
    out = _mix(out, look.blush, 0.10 * _spot(x, y, 0, 60, 9, 6))
    out = _mix(out, warm, 0.35 * _spot(ax, y, 33, 116, 17, 5))
    out = _mix(out, look.skin_shade, 0.55 * _spot(x, y, 0, 50.8, 3.6, 1.0))
    out = _mix(out, look.skin_shade, 0.22 * _spot(x, y, 0, 53.5, 5.5, 2.5))
    upper = _spot(x, y, 0, 37.6, 8.5, 1.5) + 0.3 * _spot(ax, y, 5, 38.0, 3, 1.2)
    lower = _spot(x, y, 0, 31.8, 7.0, 1.9)
    out = _mix(out, look.lip, 0.42 * upper)
    out = _mix(out, look.lip, 0.62 * lower)
    out = _mix(out, look.skin_shade, 0.30 * _spot(x, y, 0, 26.4, 6.0, 1.2))
    out = _mix(out, (1.0, 1.0, 1.0), 0.55 * _spot(x, y, -1.8, 31.9, 1.7, 0.7))
    out = _mix(out, (1.0, 1.0, 1.0), 0.75 * _spot(x, y, 0.6, 61.0, 1.0, 1.5))
    neck = u < 0.03
    shade = smooth((0.34 - v) / 0.10)
    out[neck] = _mix(_solid(size, size, look.skin), look.skin_shade, 0.62 * shade)[neck]
    return out


def eyes(look: Look, size: int = 256) -> F64:
    """Left half: iris, pupil and highlights. Right half: the white with the lid's shadow."""
    v, u = np.mgrid[0:size, 0:size] / (size - 1)
    x, y = (u - 0.5) * 2 / 0.94, (0.5 - v) * 2 / 0.94
    r = np.hypot(x, y)
    t = np.clip(0.5 - 0.5 * y, 0, 1)
    iris = _solid(size, size, look.iris_top)
    iris = _mix(iris, look.iris_low, smooth((t - 0.22) / 0.62))
    rays = 0.5 + 0.5 * np.sin(np.arctan2(y, x) * 26.0 + 3.0 * np.sin(np.arctan2(y, x) * 5.0))
    iris = _mix(iris, look.iris_top, 0.22 * rays * smooth((r - 0.35) / 0.3))
    glow = _spot(x, y, 0.0, -0.58, 0.46, 0.26)
    iris = _mix(iris, look.iris_glow, 0.9 * glow)
    ring = smooth((r - 0.80) / 0.13)
    dark = tuple(0.55 * c for c in look.iris_top)
    iris = _mix(iris, dark, 0.95 * ring)
    iris = _mix(iris, look.pupil, 1 - smooth((np.hypot(x / 0.34, (y - 0.02) / 0.42) - 0.9) / 0.2))
    iris = _mix(iris, dark, 0.62 * smooth((y - 0.18) / 0.62))
    big = 1 - smooth((np.hypot((x + 0.30) / 0.27, (y - 0.40) / 0.25) - 0.85) / 0.2)
    small = 1 - smooth((np.hypot((x - 0.36) / 0.13, (y + 0.34) / 0.12) - 0.8) / 0.3)
    iris = _mix(iris, (1.0, 1.0, 1.0), np.maximum(big, 0.92 * small))
    white = _solid(size, size, look.white)
    white = _mix(white, look.white_shade, 0.85 * (1 - smooth((v - 0.16) / 0.26)))
    white = _mix(white, look.white_shade, 0.35 * smooth((np.abs(u - 0.5) - 0.30) / 0.18))
    return np.concatenate([iris, white], axis=1)


def hair(look: Look, width: int = 256, height: int = 512) -> F64:
    """Across: strands. Down: from crown to tip, with a ring of light and coloured tips."""
    rng = np.random.default_rng(7)
    v, u = np.mgrid[0:height, 0:width]
    u, v = u / width, v / (height - 1)
    strand = np.zeros(width)
    for k in (3, 7, 11, 17, 29, 41):
        strand += np.sin(2 * np.pi * (k * np.arange(width) / width + rng.random())) / k**0.4
    strand = strand / np.abs(strand).max()
    lines = np.broadcast_to(strand, (height, width))
    out = _solid(height, width, look.hair)
    out = _mix(out, look.hair_dark, 0.30 * np.clip(lines, 0, 1) + 0.25 * (1 - smooth(v / 0.07)))
    out = _mix(out, look.hair_light, 0.25 * np.clip(-lines, 0, 1))
    out = _mix(out, look.hair_tip, 0.80 * smooth((v - 0.52) / 0.42))
    edge = 0.165 + 0.022 * lines
    ring = smooth((v - edge) / 0.012) * (1 - smooth((v - edge - 0.030 - 0.022 * lines) / 0.02))
    broken = 0.5 + 0.5 * np.sin(2 * np.pi * (2 * u + 0.2 * np.sin(2 * np.pi * 3 * u)))
    return _mix(out, look.hair_light, ring * (0.30 + 0.45 * broken))


def lines(look: Look) -> F64:
    """The palette of the unlit lines; the mouth's column darkens inwards."""
    w, h = 8, 64
    out = np.zeros((h, LINE_COLUMNS * w, 3))
    soft = tuple(0.45 * a + 0.55 * b for a, b in zip(look.lash, look.line, strict=True))
    crease = tuple(0.55 * a + 0.45 * b for a, b in zip(look.line, look.skin_shade, strict=True))
    colours = {
        "lash": look.lash, "lash_soft": soft, "crease": crease, "brow": look.brow,
        "line": look.line, "mouth": look.mouth, "teeth": look.teeth, "tongue": look.tongue,
        "rim": look.skin_shade, "nape": look.hair_shade,
    }  # fmt: skip
    for name, i in CELLS.items():
        out[:, i * w : (i + 1) * w] = colours[name]
    i, v = CELLS["nape"], np.linspace(0, 1, h)[:, None]
    tip = np.broadcast_to(0.75 * smooth((v - 0.45) / 0.5), (h, w))
    nape = _mix(out[:, i * w : (i + 1) * w], look.hair_tip, tip)
    out[:, i * w : (i + 1) * w] = nape * np.array([0.80, 0.76, 0.86])
    i = CELLS["mouth"]
    dark = np.linspace(1.0, 0.45, h)[:, None, None]
    out[:, i * w : (i + 1) * w] *= dark
    return out


def cloth(look: Look, height: int = 256) -> F64:
    """Columns of cloth colours; each may change from top to bottom."""
    w = 16
    out = np.zeros((height, _CLOTH_COLUMNS * w, 3))
    colours = {
        "jacket": look.jacket, "trim": look.trim, "accent": look.accent, "blouse": look.blouse,
        "skirt": look.skirt, "tights": look.tights, "boot": look.boot, "sole": look.sole,
        "metal": (0.93, 0.80, 0.52), "inner": look.accent_shade,
    }  # fmt: skip
    for name, i in CLOTHS.items():
        out[:, i * w : (i + 1) * w] = colours[name]
    v = np.linspace(0, 1, height)[:, None]
    i = CLOTHS["skirt"]
    column = out[:, i * w : (i + 1) * w]
    u = np.linspace(0, 1, w)[None, :]
    fold = np.broadcast_to(smooth((u - 0.55) / 0.45) * smooth((v - 0.02) / 0.1), (height, w))
    column = _mix(column, look.skirt_shade, 0.75 * fold)
    band = smooth((v - 0.86) / 0.01) * (1 - smooth((v - 0.90) / 0.01))
    out[:, i * w : (i + 1) * w] = _mix(column, look.trim, np.broadcast_to(band, (height, w)))
    return out


def paint(look: Look) -> dict[str, bytes]:
    """Every texture as a PNG."""
    return {
        "skin": _png(face(look)),
        "eye": _png(eyes(look)),
        "lines": _png(lines(look)),
        "hair": _png(hair(look)),
        "cloth": _png(cloth(look)),
    }
