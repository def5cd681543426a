"""Whatever bytes a stage file has: it loads, or it is refused by an AssetError with a remedy."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flow.errors import AssetError
from scenes.stage import load_stage
from tests.fixtures.glb import Glb, pack_glb

_SETTINGS = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def _whole() -> Glb:
    glb = Glb()
    uv = glb.accessor(np.zeros((4, 2), np.float32))
    normal = glb.accessor(np.tile(np.array([0, 0, 1], np.float32), (4, 1)))
    glb.root["materials"].append({"pbrMetallicRoughness": {"baseColorFactor": [1, 1, 1, 1]}})
    mesh = glb.mesh([{**glb.quad(TEXCOORD_0=uv, NORMAL=normal), "material": 0}])
    parent = glb.node("root", rotation=[0, 0, 0, 1])
    glb.node("wall", parent, mesh=mesh, translation=[1, 2, 3])
    return glb


def _loads_or_refuses(path: Path) -> None:
    try:
        stage = load_stage(path)
    except AssetError as e:
        assert e.code.startswith(("asset.", "stage."))
        assert path.name in e.message
        assert e.hint
    else:
        assert all(np.isfinite(p.positions).all() for p in stage.model.primitives)


def _refused(path: Path, code: str) -> None:
    with pytest.raises(AssetError) as caught:
        load_stage(path)
    assert caught.value.code == code, caught.value.message
    assert caught.value.hint


def test_the_whole_file_must_load(tmp_path: Path) -> None:
    assert load_stage(_whole().save(tmp_path / "w.glb")).model.triangle_count == 2


def test_a_missing_file_must_be_refused(tmp_path: Path) -> None:
    _refused(tmp_path / "none.glb", "asset.missing")
    _refused(tmp_path, "asset.unreadable")


@given(st.integers(0, 10_000))
@_SETTINGS
def test_a_file_cut_anywhere_must_be_refused(tmp_path: Path, cut: int) -> None:
    data = _whole().bytes()
    path = tmp_path / "cut.glb"
    path.write_bytes(data[: cut % len(data)])
    with pytest.raises(AssetError):
        load_stage(path)


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), min_size=1, max_size=8))
@_SETTINGS
def test_flipped_bytes_must_load_or_be_refused(
    tmp_path: Path, flips: list[tuple[int, int]]
) -> None:
    data = bytearray(_whole().bytes())
    for at, value in flips:
        data[at % len(data)] = value
    path = tmp_path / "flip.glb"
    path.write_bytes(data)
    _loads_or_refuses(path)


_JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**40), 2**40), st.floats(), st.text(max_size=4),
    st.just([]), st.just({}), st.just([1, 2]), st.just([[]]), st.just("1" * 5000), st.just(10**400),
)  # fmt: skip


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    rows = value.items() if isinstance(value, dict) else enumerate(value)
    out: list[tuple[Any, ...]] = []
    for key, item in rows:
        out.append((*at, key))
        if isinstance(item, dict | list):
            out += _places(item, (*at, key))
    return out


@given(st.data())
@_SETTINGS
def test_any_member_of_the_header_may_be_nonsense(tmp_path: Path, data: st.DataObject) -> None:
    glb = _whole()
    root = json.loads(json.dumps({**glb.root, "buffers": [{"byteLength": len(glb.binary)}]}))
    place = data.draw(st.sampled_from(_places(root)))
    inner: Any = root
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = data.draw(_JUNK)
    path = tmp_path / "odd.glb"
    path.write_bytes(pack_glb(root, bytes(glb.binary)))
    _loads_or_refuses(path)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 3e38])
def test_positions_that_are_no_places_must_be_refused(tmp_path: Path, bad: float) -> None:
    glb = Glb()
    corners = np.array([[0, 0, 0], [1, 0, 0], [bad, 1, 0]], np.float32)
    glb.node("wall", mesh=glb.mesh([{"attributes": {"POSITION": glb.accessor(corners)}}]))
    _refused(glb.save(tmp_path / "nan.glb"), "asset.nan")


def test_indices_past_the_vertices_must_be_refused(tmp_path: Path) -> None:
    glb = Glb()
    quad = glb.quad()
    quad["indices"] = glb.accessor(np.array([0, 1, 900], np.uint16))
    glb.node("wall", mesh=glb.mesh([quad]))
    _refused(glb.save(tmp_path / "index.glb"), "asset.invalid")


def test_bombs_must_be_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.glb"
    path.write_bytes(pack_glb(b"[" * 200_000 + b"]" * 200_000))
    _refused(path, "asset.json")
    glb = Glb()
    glb.root["accessors"].append({"componentType": 5126, "count": 4_000_000_000, "type": "VEC3"})
    glb.node("wall", mesh=glb.mesh([{"attributes": {"POSITION": 0}}]))
    _refused(glb.save(path), "asset.large")
    many = _whole()
    for _ in range(40):
        many.node("copy", mesh=0)
    many.root["accessors"].append({"componentType": 5125, "count": 900_000, "type": "SCALAR"})
    many.root["meshes"][0]["primitives"][0]["indices"] = len(many.root["accessors"]) - 1
    _refused(many.save(path), "asset.large")


def test_a_tree_that_bites_its_tail_must_be_refused(tmp_path: Path) -> None:
    glb = _whole()
    glb.root["nodes"][1]["children"] = [0]
    _refused(glb.save(tmp_path / "loop.glb"), "asset.cycle")


def test_data_outside_the_file_must_be_refused(tmp_path: Path) -> None:
    glb = _whole()
    root = {**glb.root, "buffers": [{"byteLength": len(glb.binary), "uri": "/etc/passwd"}]}
    path = tmp_path / "outside.glb"
    path.write_bytes(pack_glb(root, bytes(glb.binary)))
    _refused(path, "asset.external")


def test_a_false_length_must_be_refused(tmp_path: Path) -> None:
    data = bytearray(_whole().bytes())
    struct.pack_into("<I", data, 12, 2**31)
    path = tmp_path / "length.glb"
    path.write_bytes(data)
    _refused(path, "asset.truncated")


def test_a_picture_with_absurd_dimensions_must_be_left_out(tmp_path: Path) -> None:
    glb = _whole()
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 6, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + header + b"\0\0\0\0"
    glb.root["images"].append({"bufferView": glb.view(png)})
    glb.root["textures"].append({"source": 0})
    glb.root["materials"][0] = {"emissiveTexture": {"index": 0}}
    stage = load_stage(glb.save(tmp_path / "huge.glb"))
    assert stage.model.textures == ()
    assert stage.problems


def test_compressed_files_must_say_what_is_not_read(tmp_path: Path) -> None:
    glb = _whole()
    glb.root["extensionsRequired"] = ["KHR_draco_mesh_compression"]
    _refused(glb.save(tmp_path / "draco.glb"), "asset.compressed")
