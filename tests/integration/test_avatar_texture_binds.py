"""Expressions that move textures: from the file to the texel on screen, on both back ends."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from PIL import Image

from avatar.read.load import load_avatar
from avatar.rig.runtime import Runtime
from flow.spec import U8
from flow.stage import CameraShot, Light, StageFrame
from tests.fixtures.bodies import pose
from tests.fixtures.glb import vrm1
from tests.fixtures.rendering import renderer_or_skip

CELLS, SIZE_PX, FOV_DEG, AWAY_M = 4, 256, 30.0, 2.2
OWN = {"offset": [0.25, 0.5], "scale": [0.5, 0.5]}


def checkers() -> bytes:
    """A PNG whose red tells the column and whose green tells the row of each cell."""
    cells = np.arange(CELLS, dtype=np.uint8) * 60 + 40
    picture = np.full((CELLS, CELLS, 3), 128, np.uint8)
    picture[..., 0], picture[..., 1] = cells[None, :], cells[:, None]
    large = np.kron(picture, np.ones((16, 16, 1), np.uint8))
    out = io.BytesIO()
    Image.fromarray(large).save(out, "PNG")
    return out.getvalue()


def body(path: Path, own: dict[str, Any], bind: dict[str, Any]) -> Path:
    """An avatar with a textured square in front, whose expression moves its texture."""
    glb, _ = vrm1()
    root = glb.root
    root["images"].append({"bufferView": glb.view(checkers()), "mimeType": "image/png"})
    root["textures"].append({"source": 0})
    use = {"index": 0, **({"extensions": {"KHR_texture_transform": own}} if own else {})}
    root["materials"].append(
        {"name": "m", "pbrMetallicRoughness": {"baseColorTexture": use},
         "extensions": {"KHR_materials_unlit": {}}}
    )  # fmt: skip
    uv = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32)
    primitive = glb.quad(TEXCOORD_0=glb.accessor(uv))
    primitive["material"] = 0
    glb.node("square", None, mesh=glb.mesh([primitive]))
    happy = {"textureTransformBinds": [{"material": 0, **bind}]}
    root["extensions"]["VRMC_vrm"]["expressions"] = {"preset": {"happy": happy}}
    return glb.save(path)


def drawn(path: Path, weight: float, backend: Literal["gl", "software"]) -> U8:
    """The square, filling most of the picture."""
    avatar = load_avatar(path)
    eye = np.array([0.5, 0.5, AWAY_M], np.float32)
    shot = CameraShot(eye, np.array([0.5, 0.5, 0.0], np.float32), FOV_DEG)
    renderer = renderer_or_skip(backend, SIZE_PX, SIZE_PX)
    try:
        renderer.add_avatar("host", avatar.model)
        rig = Runtime(avatar).update(pose(expressions={"happy": weight}), 0.0)
        light = Light(np.array([0, 0, -1], np.float32))
        return renderer.picture(StageFrame(0, 0, 0, {"host": rig}, shot, light), transparent=True)
    finally:
        renderer.close()


@pytest.mark.parametrize("backend", ["software", "gl"])
@pytest.mark.parametrize(
    ("own", "bind", "weight"),
    [
        ({}, {"offset": [0.25, 0.0]}, 1.0), ({}, {"offset": [0.0, 0.25]}, 1.0),
        ({}, {"scale": [0.5, 0.5]}, 1.0), ({}, {"offset": [0.5, 0.0]}, 0.5),
        (OWN, {"offset": [0.5, 0.25], "scale": [1.0, 0.5]}, 1.0), (OWN, {}, 0.0),
    ],
)  # fmt: skip
def test_the_texel_on_screen_must_be_the_one_the_expression_says(
    tmp_path: Path,
    own: dict[str, Any],
    bind: dict[str, Any],
    weight: float,
    backend: Literal["gl", "software"],
) -> None:
    picture = drawn(body(tmp_path / "a.vrm", own, bind), weight, backend)
    scale, offset = (
        np.array(own.get(key, rest)) * (1 - weight) + np.array(bind.get(key, rest)) * weight
        for key, rest in (("scale", [1, 1]), ("offset", [0, 0]))
    )
    half = np.tan(np.radians(FOV_DEG) / 2) * AWAY_M
    wrong = 0
    places = np.arange(1, 16, 2) / 16
    for u in places:
        for v in places:
            x, y = (int(((at - 0.5) / half * 0.5 + 0.5) * SIZE_PX) for at in (u, v))
            column, row = np.floor(((np.array([u, v]) * scale + offset) % 1) * CELLS)
            want = np.array([column, row]) * 60 + 40
            wrong += np.abs(picture[y, x, :2].astype(int) - want).max() > 25
    assert wrong == 0
