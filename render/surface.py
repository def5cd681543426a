"""Metallic-roughness light per vertex (glTF 2.0, appendix B), as `shaders/surface.frag` has it."""

from __future__ import annotations

import numpy as np

from flow.mesh import Material
from flow.spec import F32
from flow.stage import Light
from render.color import light_colors, unit

DIELECTRIC = 0.04
SMOOTHEST = 0.003


def metal_rough(base: F32, material: Material, normal: F32, to_eye: F32, light: Light) -> F32:
    """(v, 3) linear colour of vertices with `base` colour; `normal` and `to_eye` have length 1.

    One key light, and the ambient light standing in for the surroundings that a metal mirrors.
    """
    key, ambient = light_colors(light)
    toward = -unit(light.key_direction)
    metal, alpha = np.float32(material.metallic), max(material.roughness**2, SMOOTHEST)
    a2 = np.float32(alpha * alpha)
    n_l = np.maximum(normal @ toward, 0.0)
    n_v = np.maximum(np.einsum("vi,vi->v", normal, to_eye), 1e-3)
    halfway = to_eye + toward
    halfway /= np.maximum(np.linalg.norm(halfway, axis=1, keepdims=True), 1e-6)
    n_h = np.maximum(np.einsum("vi,vi->v", normal, halfway), 0.0)
    v_h = np.maximum(np.einsum("vi,vi->v", to_eye, halfway), 0.0)
    spread = n_h * n_h * (a2 - 1.0) + 1.0
    mask = n_l * np.sqrt(n_v * n_v * (1.0 - a2) + a2) + n_v * np.sqrt(n_l * n_l * (1.0 - a2) + a2)
    lobe = 0.5 * a2 / (spread * spread * np.maximum(mask, 1e-4))
    f0 = DIELECTRIC * (1.0 - metal) + base * metal
    fresnel = f0 + (1.0 - f0) * ((1.0 - v_h) ** 5)[:, None]
    diffuse = base * (1.0 - metal)
    mirrored = 2.0 * np.einsum("vi,vi->v", normal, to_eye) * normal[:, 1] - to_eye[:, 1]
    sky = np.float32(light.sky)
    out = (diffuse + fresnel * lobe[:, None]) * key * n_l[:, None]
    out += diffuse * ambient * (1.0 - sky + sky * normal[:, 1:2])
    out += base * metal * ambient * (1.0 - sky + sky * mirrored[:, None])
    return np.asarray(out, np.float32)
