"""Whatever bytes a file has: it loads, or it is refused by an AssetError with a remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avatar.read.load import load_avatar
from avatar.rig.runtime import Runtime
from flow.errors import AssetError
from flow.pose import t_pose
from tests.fixtures.glb import face, morph_expression, pack_glb, vrm1

_SETTINGS = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def _whole() -> tuple[dict[str, Any], bytes]:
    """A file with a bit of everything that can be damaged."""
    glb, nodes = vrm1()
    node = face(glb, ("a", "b"))
    glb.root["extensions"]["VRMC_vrm"]["expressions"] = {
        "preset": {"aa": morph_expression(node, 0), "blink": morph_expression(node, 1)}
    }
    glb.root["extensions"]["VRMC_vrm"]["lookAt"] = {"type": "bone"}
    glb.root["extensions"]["VRMC_springBone"] = {
        "colliders": [{"node": 0, "shape": {"sphere": {"offset": [0, 0, 0], "radius": 0.1}}}],
        "colliderGroups": [{"colliders": [0]}],
        "springs": [
            {
                "joints": [{"node": nodes["neck"]}, {"node": nodes["head"]}],
                "colliderGroups": [0],
            }
        ],
    }
    glb.root["nodes"][nodes["leftHand"]]["extensions"] = {
        "VRMC_node_constraint": {
            "constraint": {"roll": {"source": nodes["leftLowerArm"], "rollAxis": "X"}}
        }
    }
    glb.root["materials"].append({"extensions": {"VRMC_materials_mtoon": {"specVersion": "1.0"}}})
    glb.root["meshes"][0]["primitives"][0]["material"] = 0
    data = glb.bytes()
    size = int.from_bytes(data[12:16], "little")
    return json.loads(data[20 : 20 + size]), data[20 + size + 8 :]


ROOT, BINARY = _whole()
_odd = st.one_of(
    st.none(), st.booleans(), st.floats(width=64), st.integers(-(1 << 70), 1 << 70),
    st.text(max_size=8), st.just([]), st.just({}), st.lists(st.integers(-2, 99), max_size=5),
    st.just(1e300),
)  # fmt: skip


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    members = value.items() if isinstance(value, dict) else enumerate(value)
    out = []
    for key, inner in members:
        out.append((*path, key))
        if isinstance(inner, dict | list):
            out += _places(inner, (*path, key))
    return out


PLACES = _places(ROOT)


def _try(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    try:
        avatar = load_avatar(path)
    except AssetError as error:
        assert error.hint
        assert error.message.startswith(path.name)
        return
    runtime = Runtime(avatar)
    for _ in range(2):
        state = runtime.update(t_pose(), 1 / 30)
        assert bool(np.isfinite(state.world).all())


@_SETTINGS
@given(st.lists(st.tuples(st.sampled_from(PLACES), _odd), min_size=1, max_size=3))
def test_any_odd_value_must_load_or_be_refused(
    tmp_path: Path, changes: list[tuple[tuple[Any, ...], Any]]
) -> None:
    root = json.loads(json.dumps(ROOT))
    for place, value in changes:
        inner = root
        try:
            for key in place[:-1]:
                inner = inner[key]
            inner[place[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change removed the place
    _try(tmp_path / "odd.vrm", pack_glb(root, BINARY))


@_SETTINGS
@given(st.integers(0, 1 << 20), st.integers(0, 255), st.integers(0, 1 << 20))
def test_any_flipped_byte_or_cut_must_load_or_be_refused(
    tmp_path: Path, at: int, value: int, end: int
) -> None:
    data = bytearray(pack_glb(ROOT, BINARY))
    data[at % len(data)] = value
    _try(tmp_path / "flip.vrm", bytes(data))
    _try(tmp_path / "cut.vrm", bytes(data[: end % len(data)]))


@_SETTINGS
@given(st.binary(max_size=200))
def test_any_bytes_must_be_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "noise.glb"
    for whole in (data, b"glTF" + data, pack_glb(data)):
        path.write_bytes(whole)
        with pytest.raises(AssetError):
            load_avatar(path)
