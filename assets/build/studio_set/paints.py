"""What the studio's surfaces look like, by name."""

from __future__ import annotations

import numpy as np

from assets.build.stagecraft.atlas import Paint, Surface, Texels
from assets.build.stagecraft.paint import (
    assorted,
    clouds,
    glowing,
    mix,
    noise,
    plain,
    random,
    srgb,
    wood,
)
from assets.build.stagecraft.patch import Array
from assets.build.studio_set.plan import (
    AMBER,
    EYE,
    HALO,
    HALO_R,
    HALO_Y,
    MOON,
    PODIUM_R,
    ROSE,
    TEAL,
    WALL_R,
    WALL_Z,
    WARM_WHITE,
)


def paints() -> dict[str, Paint]:
    """Every finish that a piece may name."""
    walnut_dark, walnut_light = srgb("#3a2216"), srgb("#93603c")
    return {
        "wall": _wall,
        "trim": plain(srgb("#1b1d2a"), 0.05, (0.04, 0.3)),
        "felt": plain(srgb("#15151c"), 0.2),
        "walnut": wood(walnut_dark, walnut_light, upright=True),
        "walnut_flat": wood(walnut_dark, walnut_light, upright=False, shine=0.05),
        "ceiling": plain(srgb("#2b2d42"), 0.05),
        "floor": _floor,
        "podium": _podium,
        "podium_edge": plain(srgb("#2a2c3c"), 0.04, (0.10, 0.25)),
        "disc": _disc,
        "brass": plain(srgb("#b98a4a"), 0.05, (0.35, 0.22)),
        "black": plain(srgb("#14151b"), 0.04, (0.06, 0.2)),
        "ceramic": plain(srgb("#cfc6ba"), 0.06, (0.05, 0.25)),
        "clay": plain(srgb("#8f5a45"), 0.10),
        "ink": plain(srgb("#2d4a66"), 0.06, (0.06, 0.22)),
        "soil": plain(srgb("#2a1e16"), 0.5),
        "book": assorted([srgb(c) for c in ("#a3423c", "#d9b36a", "#2f5d73", "#e4ddd0", "#54406e",
                                             "#2c6b5b", "#c9744a", "#26304a")]),
        "paper": plain(srgb("#d8cfbd"), 0.15),
        "leaf": _leaf,
        "stem": plain(srgb("#4a5a2c"), 0.2),
        "halo": glowing(HALO, 1.9),
        "teal": glowing(TEAL, 1.5),
        "rose": glowing(ROSE, 1.4),
        "amber": glowing(AMBER, 1.6),
        "moon": glowing(MOON, 1.3),
        "bulb": _bulb,
        "screen": _screen,
        "window": _window,
    }  # fmt: skip


def _wall(t: Texels) -> Surface:
    """Plaster panels between fine upright joints."""
    theta = np.degrees(np.arctan2(t.p[:, 0], WALL_Z - t.p[:, 2]))
    across = np.abs((theta / 9.0) % 1.0 - 0.5) * 9.0 * np.pi / 180.0 * WALL_R
    mottle = clouds(t.p[:, 1] * 2 + 5, theta * 0.12, 12, 5)
    color = mix(srgb("#35395a"), srgb("#484d74"), mottle)
    return Surface(color * (1 - 0.5 * np.clip(1.3 - across / 0.012, 0, 1))[:, None])


def _bulb(t: Texels) -> Surface:
    """Opal glass lit from inside: a little darker where it turns away."""
    view = EYE - t.p
    view /= np.linalg.norm(view, axis=1, keepdims=True)
    front = np.clip(np.sum(view * t.n, axis=1), 0.0, 1.0)
    glow = mix(WARM_WHITE * np.array([0.75, 0.55, 0.42]), WARM_WHITE * 1.9, front**1.3)
    return Surface(np.zeros_like(glow), glow, light=0.0)


def _floor(t: Texels) -> Surface:
    """Dark polished concrete with fine seams in rings and spokes around the podium."""
    r, a = np.hypot(t.p[:, 0], t.p[:, 2]), np.arctan2(t.p[:, 0], t.p[:, 2])
    tone = clouds(t.p[:, 0] * 1.3, t.p[:, 2] * 1.3, 21, 5)
    speck = noise(t.p[:, 0] * 60, t.p[:, 2] * 60, 4)
    color = mix(srgb("#34364a"), srgb("#55576c"), np.clip(0.2 + 0.7 * tone, 0, 1))
    color *= (0.93 + 0.12 * speck)[:, None]
    ring = np.abs((r - 0.3) % 0.9 - 0.45)
    spoke = np.abs((a / (2 * np.pi) * 16 + 0.5) % 1.0 - 0.5) * 2 * np.pi / 16 * r
    seam = np.minimum(np.where(r > 1.3, ring, 1.0), np.where(r > 1.65, spoke, 1.0))
    color *= (1 - 0.4 * np.clip(1 - seam / 0.014, 0, 1))[:, None]
    return Surface(color, shine=(0.085, 0.085))


def _podium(t: Texels) -> Surface:
    """Turned dark stone: fine rings, an inlaid brass line."""
    r = np.hypot(t.p[:, 0], t.p[:, 2])
    turned = 0.85 + 0.3 * noise(r * 220, r * 0 + 1, 8) * (0.5 + 0.5 * noise(r * 31, r * 0, 9))
    tone = clouds(t.p[:, 0] * 3, t.p[:, 2] * 3, 5, 4)
    color = mix(srgb("#3a3c50"), srgb("#5a5c70"), tone) * turned[:, None]
    inlay = np.clip(1.4 - np.abs(r - (PODIUM_R - 0.11)) / 0.006, 0, 1)
    color = mix_rows(color, np.broadcast_to(srgb("#c79a58"), color.shape), inlay)
    return Surface(color, shine=(0.10, 0.07))


def _disc(t: Texels) -> Surface:
    """The dark field behind the head: brushed, a little lighter towards the rim."""
    d = t.p - np.array([0.0, HALO_Y, 0.0])
    r, a = np.hypot(d[:, 0], d[:, 1]), np.arctan2(d[:, 1], d[:, 0])
    brush = noise(r * 160, a * 3, 14)
    color = mix(srgb("#20222f"), srgb("#3b3f5c"), np.clip(r / HALO_R, 0, 1) ** 2)
    color *= (0.9 + 0.2 * brush)[:, None]
    inlay = np.clip(1.4 - np.abs(r - 0.755) / 0.0045, 0, 1)
    color = mix_rows(color, np.broadcast_to(srgb("#c79a58"), color.shape), inlay)
    return Surface(color)


def _leaf(t: Texels) -> Surface:
    """A blade with a light midrib, side veins and its own green."""
    w, h = np.maximum(t.patch.size, 1e-6)
    s, v = t.across / w - 0.5, t.along / h
    hue, tone, *_ = random(t.patch.seed, 2)
    color = mix(srgb("#1f4a2c"), srgb("#5f8a3c"), np.clip(0.2 + 0.5 * hue + 0.3 * v, 0, 1))
    rib = np.clip(1 - np.abs(s) / 0.05, 0, 1) * 0.6
    vein = np.clip(1 - np.abs((v * 7 - np.abs(s) * 2.5) % 1 - 0.5) / 0.09, 0, 1) * 0.22
    color = mix_rows(color, np.broadcast_to(srgb("#9db86a"), color.shape), np.maximum(rib, vein))
    return Surface(color * (0.75 + 0.5 * tone), shine=(0.03, 0.3))


def _screen(t: Texels) -> Surface:
    """What the studio's screen shows: hills of light under a low sun."""
    w, h = t.patch.size
    x, y = t.across / w, t.along / h
    color = mix(srgb("#1a1446"), srgb("#6a2f8f"), np.clip((1 - y) * 1.1, 0, 1))
    color = mix_rows(color, np.broadcast_to(srgb("#ff8d6b"), color.shape),
                     np.exp(-((y - 0.34) / 0.2) ** 2) * 0.75)  # fmt: skip
    sun = np.hypot((x - 0.62) * w, (y - 0.52) * h)
    color += srgb("#ffd9a0") * (np.clip((0.17 - sun) / 0.006, 0, 1) * 0.9)[:, None]
    color += srgb("#ff9a70") * (np.exp(-((sun / 0.3) ** 2)) * 0.5)[:, None]
    tints = ("#8b3f96", "#5a2f8a", "#38246f", "#22184f", "#140f33")
    for k, tint in enumerate(tints):
        ridge = 0.44 - 0.095 * k + (0.05 + 0.012 * k) * np.sin(x * (5 + 2.2 * k) + 1.9 * k)
        ridge += 0.03 * np.sin(x * (13 + 3 * k) + k)
        below = np.clip((ridge - y) / 0.006, 0, 1)
        shade = np.clip(1 - (ridge - y) * 2.2, 0.55, 1.0)
        color = mix_rows(color, srgb(tint) * shade[:, None] * 1.3, below)
        rim = np.exp(-(((ridge - y) / 0.008) ** 2)) * (0.5 - 0.08 * k)
        color += srgb("#ffb48a") * np.maximum(rim, 0)[:, None]
    edge = np.minimum(np.minimum(x, 1 - x) * w, np.minimum(y, 1 - y) * h)
    return Surface(color, color * (0.75 * np.clip(edge / 0.012, 0.25, 1))[:, None], light=0.0)


def _window(t: Texels) -> Surface:
    """A city at night far out of focus: a blue dusk and round lights."""
    w, h = t.patch.size
    x, y = t.across, t.along
    color = mix(srgb("#2d3a78"), srgb("#0b1030"), np.clip(y / h, 0, 1) ** 0.7)
    color += srgb("#b0557e") * (0.35 * np.exp(-(((y - 0.35 * h) / (0.16 * h)) ** 2)))[:, None]
    skyline = 0.30 * h + 0.22 * h * noise(
        np.floor(x * 7 + t.patch.seed * 9), x * 0, t.patch.seed + 3
    )
    city = np.clip((skyline - y) / 0.05, 0, 1)
    color = mix_rows(color, np.broadcast_to(srgb("#141a3c"), color.shape), 0.7 * city)
    tints = [srgb(c) for c in ("#ffb060", "#ff7f5c", "#ffe0a8", "#63c8ff", "#c58bff", "#ff6fa0")]
    many = 90
    u = random(t.patch.seed * 13 + 5, 4 * many).reshape(many, 4)
    for k, (a, b, c, e) in enumerate(u):
        cx, cy = a * w, (0.03 + 0.62 * b**1.4) * h
        radius = 0.022 + 0.045 * c
        d = np.hypot(x - cx, y - cy)
        disc = np.clip((radius - d) / 0.006, 0, 1) * (0.75 + 0.45 * np.clip(d / radius, 0, 1) ** 4)
        color += tints[k % len(tints)] * (disc * (0.06 + 0.5 * e**2.2))[:, None]
    return Surface(color, color * 0.62, light=0.0)


def mix_rows(a: Array, b: Array, t: Array) -> Array:
    """Blend two (n, 3) colours by (n,)."""
    return a * (1 - t[:, None]) + b * t[:, None]
