"""What the format allows must be read, in whatever wrapping it comes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatar.read.document import open_document
from avatar.read.gltf import build, load_model
from avatar.read.load import load_avatar
from flow.errors import AssetError
from flow.glb import read_container
from flow.mesh import Model, Primitive
from tests.fixtures.glb import Glb, face, vrm1
from tests.unit.test_avatar_gltf import drawn, png, refused

CORNERS = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32)


def piece_of(glb: Glb, path: Path) -> Primitive:
    (piece,) = load_model(glb.save(path / "m.glb")).primitives
    return piece


def problems(path: Path) -> list[tuple[str, str]]:
    """Code and place of everything odd about a model."""
    document = open_document(path, read_container(path))
    build(document, 64)
    return [(p.code, p.json_path) for p in document.problems.found]


def outside(glb: Glb, folder: Path, uri: str, name: str | None = None) -> Path:
    """The document as .gltf with its binary in a file beside it."""
    target = folder / (name or uri)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(bytes(glb.binary))
    root = {k: v for k, v in glb.root.items() if v not in ([], {})}
    root["buffers"] = [{"byteLength": len(glb.binary), "uri": uri}]
    path = folder / "m.gltf"
    path.write_text(json.dumps(root))
    return path


# --- numbers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dtype", "scale", "normalized"),
    [("<i1", 127, True), ("<u1", 255, True), ("<i2", 32767, True), ("<u2", 65535, True),
     ("<i1", 1, False), ("<u2", 1, False), ("<i2", 1, False)],
)  # fmt: skip
def test_quantised_positions_and_normals_must_be_read(
    tmp_path: Path, dtype: str, scale: int, normalized: bool
) -> None:
    """KHR_mesh_quantization: a stride of four bytes, integers with and without a scale."""
    glb = Glb()
    padded = np.zeros((4, 4), dtype)
    padded[:, :3] = CORNERS * scale
    up = np.zeros((4, 4), "<i1")
    up[:, 2] = 127
    view = glb.view(padded.tobytes(), byteStride=padded.strides[0])
    kind = {"<i1": 5120, "<u1": 5121, "<i2": 5122, "<u2": 5123}[dtype]
    glb.root["accessors"] += [
        {"bufferView": view, "componentType": kind, "count": 4, "type": "VEC3",
         "normalized": normalized},
        {"bufferView": glb.view(up.tobytes(), byteStride=4), "componentType": 5120, "count": 4,
         "type": "VEC3", "normalized": True},
    ]  # fmt: skip
    indices = glb.accessor(np.array([0, 1, 2, 0, 2, 3], np.uint8))
    primitive = {"attributes": {"POSITION": 0, "NORMAL": 1}, "indices": indices}
    piece = piece_of(drawn(glb, primitive), tmp_path)
    assert np.allclose(piece.positions, CORNERS)
    assert np.allclose(piece.normals, [0, 0, 1])


def test_quantised_texture_coordinates_must_keep_their_transform(tmp_path: Path) -> None:
    """Packers write UVs as integers and undo them by KHR_texture_transform."""
    glb = Glb()
    uv = np.array([[0, 0], [4096, 0], [4096, 8192], [0, 8192]], np.uint16)
    moved = {"KHR_texture_transform": {"scale": [1 / 4096, 1 / 8192], "offset": [0.25, 0.5]}}
    glb.root["images"].append({"bufferView": glb.view(png(2, 2)), "mimeType": "image/png"})
    glb.root["textures"].append({"source": 0})
    glb.root["materials"].append(
        {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0, "extensions": moved}}}
    )
    primitive = glb.quad(NORMAL=glb.up(), TEXCOORD_0=glb.accessor(uv))
    primitive["material"] = 0
    model = load_model(drawn(glb, primitive).save(tmp_path / "m.glb"))
    it = model.materials[0].base_map
    where = model.primitives[0].uv * it.scale + it.offset
    assert np.allclose(where - [0.25, 0.5], [[0, 0], [1, 0], [1, 1], [0, 1]])


def test_sparse_values_must_replace_those_below_them(tmp_path: Path) -> None:
    glb = Glb()
    base = glb.accessor(CORNERS)
    glb.root["accessors"][base]["sparse"] = {
        "count": 2,
        "indices": {
            "bufferView": glb.view(np.array([1, 3], np.uint8).tobytes()), "componentType": 5121
        },
        "values": {"bufferView": glb.view(np.full((2, 3), 9, np.float32).tobytes())},
    }  # fmt: skip
    primitive = {
        "attributes": {"POSITION": base},
        "indices": glb.accessor(np.arange(4, dtype=np.uint32)),
    }
    primitive["mode"] = 5
    piece = piece_of(drawn(glb, primitive), tmp_path)
    assert sorted(map(tuple, np.unique(piece.positions, axis=0).tolist())) == [
        (0, 0, 0), (1, 1, 0), (9, 9, 9),
    ]  # fmt: skip


def test_morph_targets_may_be_sparse_and_carry_tangents(tmp_path: Path) -> None:
    glb = Glb()
    glb.root["accessors"].append({
        "componentType": 5126, "count": 4, "type": "VEC3",
        "sparse": {
            "count": 1,
            "indices": {
                "bufferView": glb.view(np.array([2], np.uint16).tobytes()), "componentType": 5123
            },
            "values": {"bufferView": glb.view(np.array([[0, 0, 3]], np.float32).tobytes())},
        },
    })  # fmt: skip
    turned = np.zeros((4, 3), np.float32)
    turned[1] = [0, 1, 0]
    primitive = glb.quad(NORMAL=glb.up())
    primitive["targets"] = [
        {"POSITION": 0, "NORMAL": glb.accessor(turned), "TANGENT": glb.accessor(turned)}
    ]
    (morph,) = piece_of(drawn(glb, primitive), tmp_path).morphs
    assert morph.vertices.tolist() == [1, 2]
    assert morph.positions.tolist() == [[0, 0, 0], [0, 0, 3]]
    assert morph.normals.tolist() == [[0, 1, 0], [0, 0, 0]]


def test_a_mesh_without_normals_must_be_flat(tmp_path: Path) -> None:
    """glTF 2.0, 3.7.2.1: flat normals, so every corner is a vertex of its own, morphs and all."""
    glb = Glb()
    tent = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 1], [1, 1, 1], [0, 2, 0], [1, 2, 0]], np.float32)
    primitive: dict[str, Any] = {
        "attributes": {"POSITION": glb.accessor(tent)},
        "indices": glb.accessor(np.array([0, 1, 3, 0, 3, 2, 2, 3, 5, 2, 5, 4], np.uint16)),
    }
    lifted = np.zeros((6, 3), np.float32)
    lifted[3, 2] = 1.0
    primitive["targets"] = [{"POSITION": glb.accessor(lifted)}]
    piece = piece_of(drawn(glb, primitive), tmp_path)
    assert len(piece.positions) == 12
    slope = np.sqrt(0.5)
    assert np.allclose(piece.normals[:6], [0, -slope, slope])
    assert np.allclose(piece.normals[6:], [0, slope, slope])
    moved = piece.positions[piece.morphs[0].vertices]
    assert np.allclose(moved, [1, 1, 1])
    assert len(moved) == 3, "every corner at the lifted place moves"


def test_maps_of_another_texture_coordinate_must_be_drawn_or_told(tmp_path: Path) -> None:
    glb = Glb()
    glb.root["images"].append({"bufferView": glb.view(png(2, 2)), "mimeType": "image/png"})
    glb.root["textures"].append({"source": 0})
    pbr = {"baseColorTexture": {"index": 0, "texCoord": 1}}
    glb.root["materials"] += [
        {"pbrMetallicRoughness": pbr, "emissiveTexture": {"index": 0}},
        {"emissiveTexture": {"index": 0, "texCoord": 1}},
    ]
    second = np.array([[0.1, 0], [0.2, 0], [0.3, 0], [0.4, 0]], np.float32)
    uvs = {"TEXCOORD_0": glb.accessor(second * 0), "TEXCOORD_1": glb.accessor(second)}
    one = {**glb.quad(NORMAL=glb.up(), **uvs), "material": 0}
    glb.node("n", None, mesh=glb.mesh([one, {**one, "material": 1}]))
    path = glb.save(tmp_path / "m.glb")
    for piece in load_model(path).primitives:
        assert np.allclose(piece.uv, second)
    assert problems(path) == [("asset.uv", "materials[0].emissiveTexture")]


def test_points_and_lines_must_be_left_out_and_told(tmp_path: Path) -> None:
    glb = Glb()
    pieces = [{**glb.quad(NORMAL=glb.up()), "mode": mode} for mode in range(7)]
    glb.node("n", None, mesh=glb.mesh(pieces))
    path = glb.save(tmp_path / "m.glb")
    assert len(load_model(path).primitives) == 3
    assert [p for p in problems(path) if p[0] == "asset.primitive"] == [
        ("asset.primitive", f"meshes[0].primitives[{mode}]") for mode in range(4)
    ]


def test_every_wrapping_of_a_texture_must_arrive(tmp_path: Path) -> None:
    glb = Glb()
    wraps = ((10497, 33071), (33648, 10497), (33071, 33648), (0, 10497))
    glb.root["samplers"] = [{"wrapS": s, "wrapT": t} for s, t in wraps]
    glb.root["images"].append({"bufferView": glb.view(png(2, 2)), "mimeType": "image/png"})
    for k in range(4):
        glb.root["textures"].append({"source": 0, "sampler": k})
        glb.root["materials"].append({"pbrMetallicRoughness": {"baseColorTexture": {"index": k}}})
    glb.node("n")
    path = glb.save(tmp_path / "m.glb")
    found = [(t.repeat_u, t.repeat_v, t.mirror_u, t.mirror_v) for t in load_model(path).textures]
    assert found == [
        (True, False, False, False), (True, True, True, False), (False, True, False, True),
        (True, True, False, False),
    ]  # fmt: skip
    assert ("asset.invalid", "samplers[3]") in problems(path)


def test_compression_with_plain_data_beside_it_must_not_be_needed(tmp_path: Path) -> None:
    """EXT_meshopt_compression that is not required: the buffer has everything uncompressed."""
    glb = Glb()
    drawn(glb, glb.quad(NORMAL=glb.up()))
    packed = {"buffer": 1, "byteLength": 8, "byteStride": 4, "mode": "ATTRIBUTES", "count": 2}
    for view in glb.root["bufferViews"]:
        view["extensions"] = {"EXT_meshopt_compression": packed}
    assert load_model(glb.save(tmp_path / "m.glb")).triangle_count == 2
    for view in glb.root["bufferViews"]:
        view["buffer"] = 1
    glb.root["buffers"] = [{"byteLength": 8}, {"byteLength": len(glb.binary)}]
    data = {k: v for k, v in glb.root.items() if v not in ([], {})}
    (tmp_path / "m.gltf").write_text(json.dumps(data))
    refused(tmp_path / "m.gltf", "asset.compressed")


# --- skins and nodes -------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_joints_of_either_size_must_be_read(tmp_path: Path, dtype: Any) -> None:
    glb = Glb()
    glb.root["skins"].append({"joints": [glb.node(f"j{k}") for k in range(3)]})
    joints = np.tile(np.array([2, 1, 0, 0], dtype), (4, 1))
    weights = np.tile(np.array([191, 64, 0, 0], np.uint8), (4, 1))
    primitive = glb.quad(
        NORMAL=glb.up(), JOINTS_0=glb.accessor(joints),
        WEIGHTS_0=glb.accessor(weights, normalized=True),
    )  # fmt: skip
    piece = piece_of(drawn(glb, primitive, skin=0), tmp_path)
    assert piece.joints is not None
    assert piece.weights is not None
    assert piece.joints[0, :2].tolist() == [2, 1]
    assert np.allclose(piece.weights[0], [191 / 255, 64 / 255, 0, 0])


def test_a_skin_without_matrices_must_have_identities(tmp_path: Path) -> None:
    glb = Glb()
    glb.root["skins"].append({"joints": [glb.node("a"), glb.node("b")]})
    glb.node("n")
    (skin,) = load_model(glb.save(tmp_path / "m.glb")).skins
    assert np.array_equal(skin.inverse_bind, np.tile(np.eye(4, dtype=np.float32), (2, 1, 1)))


def test_a_matrix_of_a_node_must_be_taken_apart(tmp_path: Path) -> None:
    glb = Glb()
    matrix = np.array([[0, -3, 0, 5], [2, 0, 0, 6], [0, 0, 4, 7], [0, 0, 0, 1]], float)
    glb.node("n", None, matrix=matrix.T.ravel().tolist())
    model = load_model(glb.save(tmp_path / "m.glb"))
    assert np.allclose(model.rest_translation, [[5, 6, 7]])
    assert np.allclose(model.rest_scale, [[2, 3, 4]])
    assert np.allclose(np.abs(model.rest_rotation), [[0, 0, np.sqrt(0.5), np.sqrt(0.5)]])


def _scenes(tmp_path: Path, **root: Any) -> Model:
    """Three root nodes with a quad each, the third of them in no scene."""
    glb = Glb()
    mesh = glb.mesh([glb.quad(NORMAL=glb.up())])
    for name in "abc":
        glb.node(name, None, mesh=mesh)
    glb.root["scenes"] = [{"nodes": [0]}, {"nodes": [0, 1]}]
    glb.root.update(root)
    return load_model(glb.save(tmp_path / "m.glb"))


def test_only_the_scene_that_is_shown_must_be_drawn(tmp_path: Path) -> None:
    def names(model: Model) -> list[str]:
        return sorted(model.node_names[p.node] for p in model.primitives)

    assert names(_scenes(tmp_path, scene=1)) == ["a", "b"]
    assert names(_scenes(tmp_path, scene=0)) == ["a"]
    assert names(_scenes(tmp_path, scenes=[])) == ["a", "b", "c"]
    assert len(_scenes(tmp_path, scene=0).node_names) == 3, "bones may lie outside of it"


# --- wrappings -------------------------------------------------------------------------------


def test_the_bytes_must_tell_what_a_file_is_not_its_name(tmp_path: Path) -> None:
    glb, _ = vrm1()
    assert load_avatar(glb.save(tmp_path / "a.glb")).version == "vrm1"
    plain = Glb()
    drawn(plain, plain.quad(NORMAL=plain.up()))
    assert load_model(plain.save(tmp_path / "m.vrm")).triangle_count == 2
    root = {"asset": {"version": "2.0"}, "nodes": [{"name": "x"}]}
    (tmp_path / "text.glb").write_text(json.dumps(root))
    assert load_model(tmp_path / "text.glb").node_names == ("x",)


@pytest.mark.parametrize(
    ("uri", "name"),
    [("data.bin", None), ("deep/data.bin", None), ("./data.bin", "data.bin"),
     ("my%20data.bin", "my data.bin"), ("%E4%BD%93.bin", "体.bin"), ("deep/../data.bin", None)],
)  # fmt: skip
def test_a_gltf_may_have_files_beside_it(tmp_path: Path, uri: str, name: str | None) -> None:
    glb = Glb()
    drawn(glb, glb.quad(NORMAL=glb.up()))
    (tmp_path / "deep").mkdir()
    if name is None and ".." in uri:
        name = "data.bin"
    assert load_model(outside(glb, tmp_path, uri, name)).triangle_count == 2


def test_pictures_may_lie_beside_a_gltf(tmp_path: Path) -> None:
    glb = Glb()
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "skin.png").write_bytes(png(4, 2))
    glb.root["images"] += [{"uri": "maps/skin.png"}, {"uri": "maps/none.png"}]
    glb.root["textures"] += [{"source": 0}, {"source": 1}]
    for k in range(2):
        glb.root["materials"].append({"pbrMetallicRoughness": {"baseColorTexture": {"index": k}}})
    path = outside(drawn(glb, glb.quad(NORMAL=glb.up())), tmp_path, "data.bin")
    shapes = [t.rgba.shape[:2] for t in load_model(path).textures]
    assert shapes == [(2, 4), (1, 1)]
    assert ("asset.missing", "textures[1]") in problems(path)


@pytest.mark.parametrize(
    "uri",
    ["../data.bin", "deep/../../data.bin", "%2e%2e/data.bin", "/etc/hostname", "//host/share",
     "file:///etc/hostname", "http://127.0.0.1/data.bin", "C:/data.bin", "..\\data.bin", "",
     "data.bin%00", "link/data.bin"],
)  # fmt: skip
def test_a_gltf_must_not_reach_outside_its_folder(tmp_path: Path, uri: str) -> None:
    glb = Glb()
    drawn(glb, glb.quad(NORMAL=glb.up()))
    (tmp_path / "data.bin").write_bytes(bytes(glb.binary))
    home = tmp_path / "home"
    home.mkdir()
    (home / "link").symlink_to(tmp_path)
    path = outside(glb, home, "data.bin")
    root = json.loads(path.read_text())
    root["buffers"][0]["uri"] = uri
    path.write_text(json.dumps(root))
    refused(path, "asset.external")


def test_a_vrm_must_be_one_file(tmp_path: Path) -> None:
    glb = Glb()
    drawn(glb, glb.quad(NORMAL=glb.up()))
    (tmp_path / "data.bin").write_bytes(bytes(glb.binary))
    size = len(glb.binary)
    glb.binary.clear()
    glb.root["buffers"] = [{"byteLength": size, "uri": "data.bin"}]
    refused(glb.save(tmp_path / "m.vrm"), "asset.external")


def test_folders_and_missing_files_beside_a_gltf_must_be_named(tmp_path: Path) -> None:
    glb = Glb()
    drawn(glb, glb.quad(NORMAL=glb.up()))
    path = outside(glb, tmp_path, "data.bin")
    root = json.loads(path.read_text())
    (tmp_path / "folder").mkdir()
    for uri in ("none.bin", "folder", "x" * 300):
        root["buffers"][0]["uri"] = uri
        path.write_text(json.dumps(root))
        with pytest.raises(AssetError) as caught:
            load_model(path)
        assert caught.value.code in ("asset.missing", "asset.unreadable")
        assert "buffers[0].uri" in caught.value.message


def test_what_is_clamped_or_of_the_wrong_type_must_be_told(tmp_path: Path) -> None:
    glb, _ = vrm1()
    face(glb, ("a",))
    vrm = glb.root["extensions"]["VRMC_vrm"]
    vrm["meta"]["allowRedistribution"] = "yes"
    vrm["expressions"] = {
        "preset": {"aa": {"morphTargetBinds": [{"node": 22, "index": 0, "weight": 9}]}}
    }
    vrm["lookAt"] = {"rangeMapVerticalUp": {"inputMaxValue": -5}}
    avatar = load_avatar(glb.save(tmp_path / "a.vrm"))
    told = {p.json_path.rpartition(".")[2]: (p.code, p.remedy) for p in avatar.problems}
    assert told["weight"] == ("asset.clamped", "Taken as 1.")
    assert told["inputMaxValue"][0] == "asset.clamped"
    assert "allowRedistribution" in told
