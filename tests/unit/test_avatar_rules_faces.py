"""Rules of expressions that no sample file shows: overrides, colours, strengths, slips."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from avatar.rig.runtime import Runtime
from tests.fixtures.bodies import load, pose
from tests.fixtures.glb import faced, vrm1


def shown(runtime: Runtime, asked: dict[str, float]) -> dict[str, float]:
    """Morph targets that are not zero."""
    state = runtime.update(pose(expressions=asked), 0.0)
    names = [n.removeprefix("face/") for n in runtime.avatar.model.morph_names]
    return {n: round(float(w), 5) for n, w in zip(names, state.morph_weights, strict=True) if w}


@pytest.mark.parametrize("rule", ["block", "blend"])
def test_an_override_of_its_own_kind_must_count_for_nothing(tmp_path: Path, rule: str) -> None:
    """VRMC_vrm-1.0 expressions, "Procedural override": settings for the same kind are invalid.

    Obeyed, such a blink would block itself and the eyes would never close.
    """
    glb, _ = faced({"blink": {"overrideBlink": rule}, "aa": {"overrideMouth": rule}, "happy": {}})
    runtime = Runtime(load(glb, tmp_path), exact=True)
    assert shown(runtime, {"blink": 1.0, "aa": 0.5}) == {"blink": 1.0, "aa": 0.5}


def test_overrides_must_add_up_and_binary_ones_count_as_shown(tmp_path: Path) -> None:
    glb, _ = faced(
        {
            "happy": {"overrideBlink": "blend"},
            "angry": {"overrideBlink": "blend", "isBinary": True},
            "blink": {},
            "blinkLeft": {"isBinary": True},
        }
    )
    runtime = Runtime(load(glb, tmp_path), exact=True)
    assert shown(runtime, {"happy": 0.25, "blink": 0.8}) == {"happy": 0.25, "blink": 0.6}
    assert shown(runtime, {"angry": 0.5, "blink": 0.8}) == {"blink": 0.8}, "not shown yet"
    assert shown(runtime, {"angry": 0.51, "blink": 0.8}) == {"angry": 1.0}
    assert shown(runtime, {"happy": 0.1, "blinkLeft": 1.0}) == {"happy": 0.1}, "never half shown"


def test_names_must_be_taken_at_their_word_where_that_is_asked_for(tmp_path: Path) -> None:
    glb, _ = faced({"blink": {}, "blinkLeft": {}, "aa": {}})
    avatar = load(glb, tmp_path)
    asked = {"blink": 1.0, "blinkLeft": 0.5, "jawOpen": 1.0}
    assert shown(Runtime(avatar, exact=True), asked) == {"blink": 1.0, "blinkLeft": 0.5}
    assert shown(Runtime(avatar), asked) == {"blink": 1.0, "aa": 1.0}


def painted(tmp_path: Path, material: dict[str, Any], bind: dict[str, Any]) -> dict[str, Any]:
    """What half of an expression with this bind changes of its material."""
    glb, _ = vrm1()
    glb.root["materials"].append(material)
    white = io.BytesIO()
    Image.new("RGB", (2, 2), "white").save(white, "PNG")
    glb.root["images"].append({"bufferView": glb.view(white.getvalue()), "mimeType": "image/png"})
    glb.root["textures"].append({"source": 0})
    primitive = glb.quad()
    primitive["material"] = 0
    glb.node("quad", None, mesh=glb.mesh([primitive]))
    glb.root["extensions"]["VRMC_vrm"]["expressions"] = {"preset": {"happy": bind}}
    runtime = Runtime(load(glb, tmp_path), exact=True)
    return dict(runtime.update(pose(expressions={"happy": 0.5}), 0.0).materials.get(0, {}))


@pytest.mark.parametrize(
    ("kind", "field", "material"),
    [
        ("color", "base_color", {"pbrMetallicRoughness": {"baseColorFactor": [1, 0, 0, 1]}}),
        ("emissionColor", "emissive", {"emissiveFactor": [1, 0, 0]}),
        ("shadeColor", "shade_color", {"shadeColorFactor": [1, 0, 0]}),
        ("matcapColor", "matcap_color", {"matcapFactor": [1, 0, 0]}),
        ("rimColor", "rim_color", {"parametricRimColorFactor": [1, 0, 0]}),
        ("outlineColor", "outline_color", {"outlineColorFactor": [1, 0, 0]}),
    ],
)
def test_every_colour_must_move_from_its_own_value_to_the_target(
    tmp_path: Path, kind: str, field: str, material: dict[str, Any]
) -> None:
    toon = {"specVersion": "1.0"}
    if "Factor" in next(iter(material)) and kind != "emissionColor":
        toon |= material
        material = {}
    whole = {"name": "m", "extensions": {"VRMC_materials_mtoon": toon}, **material}
    bind = {"material": 0, "type": kind, "targetValue": [0, 0, 1, 0.5]}
    change = painted(tmp_path, whole, {"materialColorBinds": [bind]})
    want = (0.5, 0.0, 0.5, 0.75) if kind == "color" else (0.5, 0.0, 0.5)
    assert change[field] == pytest.approx(want)


def test_a_glow_must_keep_its_strength(tmp_path: Path) -> None:
    """The target replaces emissiveFactor; KHR_materials_emissive_strength multiplies either."""
    strong = {"KHR_materials_emissive_strength": {"emissiveStrength": 4.0}}
    material = {"name": "m", "emissiveFactor": [1, 0, 0], "extensions": strong}
    bind = {"material": 0, "type": "emissionColor", "targetValue": [0, 1, 0, 1]}
    change = painted(tmp_path, material, {"materialColorBinds": [bind]})
    assert change["emissive"] == pytest.approx((2.0, 2.0, 0.0))


def test_textures_must_move_from_their_own_transform_to_the_target(tmp_path: Path) -> None:
    own = {"KHR_texture_transform": {"offset": [0.5, 0.0], "scale": [2.0, 1.0]}}
    pbr = {"baseColorTexture": {"index": 0, "extensions": own}}
    bind = {"material": 0, "scale": [1.0, 1.0], "offset": [0.25, 0.5]}
    material = {"name": "m", "pbrMetallicRoughness": pbr}
    change = painted(tmp_path, material, {"textureTransformBinds": [bind]})
    assert change["uv_offset"] == pytest.approx((-0.125, 0.25)), "half the way, to be added"
    assert change["uv_scale"] == pytest.approx((0.75, 1.0)), "half the way, to be multiplied with"


# -- gaze -------------------------------------------------------------------------------------


def test_a_slip_in_an_expression_must_not_cost_the_expression(tmp_path: Path) -> None:
    glb, _ = faced({"happy": {"isBinary": "yes", "overrideBlink": "explode"}, "blink": {}})
    avatar = load(glb, tmp_path)
    places = {p.json_path.rpartition(".")[2]: p.remedy for p in avatar.problems}
    assert places["isBinary"] == "It counts as not said."
    assert places["overrideBlink"] == "It counts as none."
    runtime = Runtime(avatar, exact=True)
    assert shown(runtime, {"happy": 0.25, "blink": 1.0}) == {"happy": 0.25, "blink": 1.0}
