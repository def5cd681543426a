"""What real glTF files bring must arrive in the model, and what is hostile must be refused."""

from __future__ import annotations

import base64
import io
import json
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from avatar.read.budget import Budget
from avatar.read.gltf import load_model
from flow import glb as container
from flow.errors import AssetError
from flow.mesh import Alpha, Shading
from tests.fixtures.glb import Glb, face, humanoid, pack_glb


def refused(path: Path, code: str) -> AssetError:
    """The refusal of a file, by this code."""
    with pytest.raises(AssetError) as caught:
        load_model(path)
    assert caught.value.code == code, caught.value
    assert caught.value.hint
    return caught.value


def drawn(glb: Glb, primitive: dict[str, Any], **node: Any) -> Glb:
    """The document with this primitive on a node."""
    glb.node("n", None, mesh=glb.mesh([primitive]), **node)
    return glb


def png(width: int, height: int, color: tuple[int, int, int, int] = (10, 20, 30, 40)) -> bytes:
    """A picture."""
    out = io.BytesIO()
    Image.new("RGBA", (width, height), color).save(out, "PNG")
    return out.getvalue()


def test_parents_must_come_before_children_whatever_the_file_says(tmp_path: Path) -> None:
    glb = Glb()
    glb.root["nodes"] = [
        {"name": "leaf"},
        {"name": "root", "children": [2]},
        {"name": "mid", "children": [0]},
    ]
    glb.root["scenes"][0]["nodes"] = [1]
    model = load_model(glb.save(tmp_path / "m.glb"))
    assert model.node_names == ("root", "mid", "leaf")
    assert model.parents.tolist() == [-1, 0, 1]


def test_accessors_without_data_must_be_zeros_and_sparse_ones_filled(tmp_path: Path) -> None:
    glb = Glb()
    primitive = glb.quad(NORMAL=glb.up())
    glb.root["accessors"].append({"componentType": 5126, "count": 4, "type": "VEC3"})
    where = glb.view(np.array([2], np.uint16).tobytes())
    what = glb.view(np.array([[0, 0, 0.5]], np.float32).tobytes())
    sparse = {
        "count": 1,
        "indices": {"bufferView": where, "componentType": 5123},
        "values": {"bufferView": what},
    }
    glb.root["accessors"].append(
        {"componentType": 5126, "count": 4, "type": "VEC3", "sparse": sparse}
    )
    empty, one = len(glb.root["accessors"]) - 2, len(glb.root["accessors"]) - 1
    primitive["targets"] = [{"POSITION": empty}, {"POSITION": one}]
    (piece,) = load_model(drawn(glb, primitive).save(tmp_path / "m.glb")).primitives
    assert len(piece.morphs[0].vertices) == 0
    assert piece.morphs[1].vertices.tolist() == [2]
    assert piece.morphs[1].positions.tolist() == [[0, 0, 0.5]]


def test_interleaved_and_normalised_attributes_must_be_read(tmp_path: Path) -> None:
    glb = Glb()
    rows = np.zeros(4, [("p", "<f4", 3), ("uv", "<u2", 2)])
    rows["p"] = [[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0]]
    rows["uv"] = [[0, 0], [65535, 0], [65535, 65535], [0, 32768]]
    view = glb.view(rows.tobytes(), byteStride=16)
    base = {"bufferView": view, "count": 4}
    glb.root["accessors"] += [
        {**base, "componentType": 5126, "type": "VEC3"},
        {**base, "byteOffset": 12, "componentType": 5123, "type": "VEC2", "normalized": True},
    ]
    (piece,) = load_model(
        drawn(glb, {"attributes": {"POSITION": 0, "TEXCOORD_0": 1}}).save(tmp_path / "m.glb")
    ).primitives
    assert piece.positions.tolist() == rows["p"][:3].tolist(), "without indices: in order"
    assert np.allclose(piece.uv, [[0, 0], [1, 0], [1, 1]])
    assert np.allclose(np.abs(piece.normals), [0, 0, 1]), "missing normals must be computed"


def test_vertices_of_other_primitives_must_be_dropped(tmp_path: Path) -> None:
    glb = Glb()
    primitive = glb.quad(NORMAL=glb.up())
    primitive["indices"] = glb.accessor(np.array([0, 2, 3], np.uint16))
    delta = np.array([[0, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 2]], np.float32)
    primitive["targets"] = [{"POSITION": glb.accessor(delta)}]
    (piece,) = load_model(drawn(glb, primitive).save(tmp_path / "m.glb")).primitives
    assert len(piece.positions) == 3
    assert piece.triangles.tolist() == [[0, 1, 2]]
    assert piece.morphs[0].vertices.tolist() == [2], "vertex 1 moved, but nobody draws it"
    assert piece.morphs[0].positions.tolist() == [[0, 0, 2]]


def test_strips_and_fans_must_keep_their_winding(tmp_path: Path) -> None:
    for mode, want in ((5, [[0, 1, 2], [3, 2, 1]]), (6, [[0, 1, 2], [0, 2, 3]])):
        glb = Glb()
        primitive = glb.quad(NORMAL=glb.up())
        primitive["indices"] = glb.accessor(np.array([0, 1, 2, 3], np.uint8))
        primitive["mode"] = mode
        (piece,) = load_model(drawn(glb, primitive).save(tmp_path / "m.glb")).primitives
        assert piece.triangles.tolist() == want


def test_skin_weights_must_sum_to_one_and_ignore_joints_without_weight(tmp_path: Path) -> None:
    glb = Glb()
    bones = [glb.node("a"), glb.node("b")]
    glb.root["skins"].append({"joints": bones})
    joints = np.array([[0, 1, 99, 0], [1, 0, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0]], np.uint8)
    weights = np.array([[1, 3, 0, 0], [2, 0, 0, 0], [0, 0, 0, 0], [0.5, 0.5, 0, 0]], np.float32)
    primitive = glb.quad(
        NORMAL=glb.up(), JOINTS_0=glb.accessor(joints), WEIGHTS_0=glb.accessor(weights)
    )
    (piece,) = load_model(drawn(glb, primitive, skin=0).save(tmp_path / "m.glb")).primitives
    assert piece.skin == 0
    assert piece.weights is not None
    assert piece.joints is not None
    assert np.allclose(piece.weights.sum(axis=1), 1.0)
    assert np.allclose(piece.weights[0], [0.25, 0.75, 0, 0])
    assert int(piece.joints.max()) == 1


def test_eight_influences_must_become_the_four_strongest(tmp_path: Path) -> None:
    glb = Glb()
    glb.root["skins"].append({"joints": [glb.node(f"j{k}") for k in range(8)]})
    low = np.tile(np.array([0, 1, 2, 3], np.uint8), (4, 1))
    weak = np.tile(np.array([0.05, 0.1, 0.05, 0.0], np.float32), (4, 1))
    strong = np.tile(np.array([0.2, 0.2, 0.2, 0.2], np.float32), (4, 1))
    primitive = glb.quad(
        NORMAL=glb.up(),
        JOINTS_0=glb.accessor(low), WEIGHTS_0=glb.accessor(weak),
        JOINTS_1=glb.accessor(low + np.uint8(4)), WEIGHTS_1=glb.accessor(strong),
    )  # fmt: skip
    (piece,) = load_model(drawn(glb, primitive, skin=0).save(tmp_path / "m.glb")).primitives
    assert piece.joints is not None
    assert piece.weights is not None
    assert piece.joints[0].tolist() == [4, 5, 6, 7]
    assert np.allclose(piece.weights, 0.25)


def test_mirrored_nodes_must_turn_their_triangles_round(tmp_path: Path) -> None:
    glb = Glb()
    (piece,) = load_model(
        drawn(glb, glb.quad(NORMAL=glb.up()), scale=[-1, 1, 1]).save(tmp_path / "m.glb")
    ).primitives
    assert piece.triangles.tolist() == [[2, 1, 0], [3, 2, 0]]


def test_big_textures_must_shrink_and_junk_alpha_of_opaque_ones_vanish(tmp_path: Path) -> None:
    glb = Glb()
    glb.root["images"].append({"bufferView": glb.view(png(64, 32)), "mimeType": "image/png"})
    glb.root["textures"].append({"source": 0})
    glb.root["materials"].append({"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}})
    primitive = {**glb.quad(), "material": 0}
    model = load_model(drawn(glb, primitive).save(tmp_path / "m.glb"), max_texture_px=16)
    assert model.textures[0].rgba.shape == (8, 16, 4)
    assert model.textures[0].rgba[0, 0, 3] == 255
    assert np.allclose(model.textures[0].rgba[0, 0, :3], [10, 20, 30], atol=2)
    glb.root["materials"][0]["alphaMode"] = "BLEND"
    model = load_model(glb.save(tmp_path / "m.glb"))
    assert model.textures[0].rgba[0, 0].tolist() == [10, 20, 30, 40]
    assert model.materials[0].alpha is Alpha.BLEND


def test_a_picture_that_cannot_be_decoded_must_become_white(tmp_path: Path) -> None:
    glb = Glb()
    glb.root["images"].append({"bufferView": glb.view(png(8, 8)[:40]), "mimeType": "image/png"})
    glb.root["textures"].append({"source": 0})
    glb.root["materials"].append({"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}})
    primitive = {**glb.quad(), "material": 0}
    model = load_model(drawn(glb, primitive).save(tmp_path / "m.glb"))
    assert model.textures[0].rgba.tolist() == [[[255, 255, 255, 255]]]


def test_a_picture_that_claims_gigapixels_must_not_be_decoded(tmp_path: Path) -> None:
    bomb = bytearray(png(8, 8))
    bomb[16:24] = (40_000).to_bytes(4, "big") * 2
    bomb[29:33] = zlib.crc32(bomb[12:29]).to_bytes(4, "big")
    glb = Glb()
    glb.root["images"].append({"bufferView": glb.view(bytes(bomb)), "mimeType": "image/png"})
    glb.root["textures"].append({"source": 0})
    glb.root["materials"].append({"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}})
    model = load_model(drawn(glb, {**glb.quad(), "material": 0}).save(tmp_path / "m.glb"))
    assert model.textures[0].rgba.shape == (1, 1, 4)


def test_material_extensions_must_be_read(tmp_path: Path) -> None:
    glb = Glb()
    moved = {"KHR_texture_transform": {"offset": [0.5, 0.25], "scale": [2, 3], "rotation": 1.0}}
    glb.root["images"].append(
        {"uri": "data:image/png;base64," + base64.b64encode(png(2, 2)).decode()}
    )
    glb.root["textures"].append({"source": 0})
    glb.root["materials"] += [
        {
            "emissiveFactor": [0.5, 0, 0],
            "emissiveTexture": {"index": 0, "extensions": moved},
            "extensions": {"KHR_materials_emissive_strength": {"emissiveStrength": 4}},
        },
        {"extensions": {"KHR_materials_unlit": {}}},
        {"extensions": {"VRMC_materials_mtoon": {"shadeColorFactor": [0.1, 0.2, 0.3]}}},
    ]
    glb.node("n")
    first, second, third, default = load_model(glb.save(tmp_path / "m.glb")).materials
    assert first.emissive == (2.0, 0.0, 0.0)
    assert (first.emissive_map.offset, first.emissive_map.scale) == ((0.5, 0.25), (2.0, 3.0))
    assert second.shading is Shading.UNLIT
    assert third.shading is Shading.MTOON
    assert third.mtoon is not None
    assert third.mtoon.shade_color == (0.1, 0.2, 0.3)
    assert default.name == "default"


def test_a_gltf_with_data_uris_must_load_like_a_glb(tmp_path: Path) -> None:
    glb = Glb()
    drawn(glb, glb.quad())
    uri = "data:application/octet-stream;base64," + base64.b64encode(bytes(glb.binary)).decode()
    root = {k: v for k, v in glb.root.items() if v != []}
    root["buffers"] = [{"byteLength": len(glb.binary), "uri": uri}]
    path = tmp_path / "m.gltf"
    path.write_text(json.dumps(root))
    assert load_model(path).triangle_count == 2


def test_names_of_morph_targets_must_be_kept(tmp_path: Path) -> None:
    glb, _ = humanoid()
    face(glb, ("smile", "frown"))
    assert load_model(glb.save(tmp_path / "m.glb")).morph_names == ("face/smile", "face/frown")


def test_missing_files_must_be_refused(tmp_path: Path) -> None:
    refused(tmp_path / "none.vrm", "asset.missing")
    refused(tmp_path, "asset.unreadable")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.glb")
        refused(tmp_path / "pipe.glb", "asset.unreadable")


def test_wrappings_that_are_broken_must_be_refused(tmp_path: Path) -> None:
    whole = pack_glb({"asset": {"version": "2.0"}})
    path = tmp_path / "m.glb"
    for data, code in (
        (b"", "asset.format"),
        (b"<html></html>", "asset.format"),
        (whole[:15], "asset.truncated"),
        (whole[:-1], "asset.truncated"),
        (whole[:4] + b"\x01" + whole[5:], "asset.version"),
        (whole[:16] + b"BIN\0" + whole[20:], "asset.format"),
        (pack_glb({"asset": {"version": "1.0"}}), "asset.version"),
        (pack_glb(b"{,}"), "asset.json"),
        (pack_glb(b"[1]"), "asset.json"),
        (pack_glb(b'{"a": NaN}'), "asset.json"),
        (pack_glb(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"), "asset.json"),
        (pack_glb('{"asset":{}}'.encode("utf-16")), "asset.json"),
    ):
        path.write_bytes(data)
        refused(path, code)


def test_json_bombs_must_be_refused_before_they_are_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container, "MOST_JSON_VALUES", 1000)
    path = tmp_path / "m.glb"
    path.write_bytes(pack_glb(b'{"a":[' + b"[]," * 2000 + b"[]]}"))
    refused(path, "asset.large")


def test_compressed_files_must_be_refused_by_name(tmp_path: Path) -> None:
    for name, word in (
        ("KHR_draco_mesh_compression", "Draco"),
        ("EXT_meshopt_compression", "meshopt"),
        ("KHR_texture_basisu", "KTX2"),
    ):
        glb = Glb()
        glb.root["extensionsRequired"] = [name]
        assert word in refused(glb.save(tmp_path / "m.glb"), "asset.compressed").message
    glb = Glb()
    glb.root["extensionsRequired"] = ["KHR_tomorrow"]
    assert "KHR_tomorrow" in refused(glb.save(tmp_path / "m.glb"), "asset.extension").message


def _break(glb: Glb, *path: Any, value: Any) -> None:
    inner: Any = glb.root
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value


@pytest.mark.parametrize(
    ("path", "value", "code", "place"),
    [
        (("accessors", 1, "count"), 2**31, "asset.invalid", "accessors[1].count"),
        (("accessors", 1, "count"), 5, "asset.range", "accessors[1]"),
        (("accessors", 1, "byteOffset"), 4, "asset.range", "accessors[1]"),
        (("accessors", 1, "bufferView"), 9, "asset.range", "accessors[1].bufferView"),
        (("accessors", 1, "componentType"), 1, "asset.invalid", "accessors[1].componentType"),
        (("accessors", 1, "type"), "VEC9", "asset.invalid", "accessors[1].type"),
        (("bufferViews", 0, "byteLength"), 10**6, "asset.range", "bufferViews[0]"),
        (("bufferViews", 1, "byteStride"), 8, "asset.invalid", "accessors[1]"),
        (("nodes", 0, "children"), [0], "asset.cycle", "nodes[0]"),
        (("nodes", 0, "children"), [7], "asset.range", "nodes[0].children[0]"),
        (("nodes", 0, "mesh"), -1, "asset.range", "nodes[0].mesh"),
        (("nodes", 0, "scale"), [1e9, 1, 1], "asset.range", "nodes[0].scale"),
        (("nodes", 0, "rotation"), [0, 0, 1], "asset.invalid", "nodes[0].rotation"),
        (("nodes", 0, "translation"), "x", "asset.invalid", "nodes[0].translation"),
        (("nodes",), {}, "asset.invalid", "nodes"),
    ],
)  # fmt: skip
def test_a_refusal_must_name_the_place(
    tmp_path: Path, path: tuple[Any, ...], value: Any, code: str, place: str
) -> None:
    glb = Glb()
    drawn(glb, glb.quad())
    _break(glb, *path, value=value)
    assert f" {place} " in refused(glb.save(tmp_path / "m.glb"), code).message


def test_indices_and_numbers_that_lie_must_be_refused(tmp_path: Path) -> None:
    glb = Glb()
    primitive = glb.quad()
    primitive["indices"] = glb.accessor(np.array([0, 1, 4], np.uint16))
    refused(drawn(glb, primitive).save(tmp_path / "m.glb"), "asset.range")
    glb = Glb()
    primitive = glb.quad()
    primitive["attributes"]["POSITION"] = glb.accessor(np.full((4, 3), np.nan, np.float32))
    refused(drawn(glb, primitive).save(tmp_path / "m.glb"), "asset.nan")


def test_many_huge_empty_accessors_must_not_be_allocated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Budget.__init__, "__defaults__", (0, 1 << 20))
    glb = Glb()
    glb.root["accessors"].append({"componentType": 5126, "count": 1 << 24, "type": "VEC3"})
    drawn(glb, {"attributes": {"POSITION": 0}})
    refused(glb.save(tmp_path / "m.glb"), "asset.large")
