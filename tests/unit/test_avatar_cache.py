"""A second load must give the same avatar sooner; a bad shelf must never be noticed."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import assets
from avatar.read.cache import Shelf
from avatar.read.frozen import freeze, thaw
from avatar.read.load import load_avatar
from avatar.rig.avatar import Avatar
from flow.errors import AssetError
from tests.fixtures.glb import face, morph_expression, vrm1
from tests.fixtures.same import difference

MIRA = assets.locate("avatars", "mira")


def small(path: Path, name: str = "Test") -> Path:
    """A file with something of each kind."""
    glb, nodes = vrm1()
    node = face(glb, ("a", "b"))
    vrm = glb.root["extensions"]["VRMC_vrm"]
    vrm["meta"]["name"] = name
    vrm["expressions"] = {"preset": {"aa": morph_expression(node, 0)}}
    vrm["lookAt"] = {"type": "bone"}
    glb.root["extensions"]["VRMC_springBone"] = {
        "springs": [{"joints": [{"node": nodes["neck"]}, {"node": nodes["head"]}]}]
    }
    return glb.save(path)


def shelf(tmp_path: Path, **more: int) -> Shelf:
    """A shelf that takes files of any size."""
    return Shelf(tmp_path / "shelf", **{"smallest_file": 0, **more})


def whole(value: Avatar) -> bytes:
    return b"".join(bytes(p) for p in freeze(value))


def test_a_second_load_must_give_the_same_avatar_without_decoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = shelf(tmp_path)
    first = place.load(MIRA)
    assert not difference(first, load_avatar(MIRA))

    def never(*_: object) -> None:
        raise AssertionError("the file was decoded again")

    monkeypatch.setattr("avatar.read.cache.avatar_of", never)
    again = place.load(MIRA)
    assert not difference(again, first)
    assert all(t.rgba.flags.writeable for t in again.model.textures), "as fresh ones are"


@pytest.mark.shared
def test_every_avatar_must_come_back_from_its_bytes_as_it_was(shared: Path) -> None:
    seen = 0
    for path in sorted((shared / "data" / "avatars").rglob("*.vrm")):
        try:
            made = load_avatar(path, max_texture_px=64)
        except AssetError:
            continue
        back = thaw(np.frombuffer(whole(made), np.uint8))
        assert not difference(made, back), path
        seen += 1
    assert seen > 100


def test_another_name_size_or_content_must_not_get_the_same_entry(tmp_path: Path) -> None:
    place = shelf(tmp_path)
    one = place.load(small(tmp_path / "one.vrm", name=""))
    two = place.load(small(tmp_path / "two.vrm", name=""))
    assert (one.name, two.name) == ("one", "two")
    assert two.path == tmp_path / "two.vrm"
    assert len(place.entries()) == 2
    place.load(tmp_path / "one.vrm", max_texture_px=32)
    assert len(place.entries()) == 3
    assert place.load(small(tmp_path / "one.vrm", name="Changed")).name == "Changed"
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    assert place.load(small(moved / "one.vrm", name="")).path == moved / "one.vrm"
    assert len(place.entries()) == 4


def test_an_entry_that_is_damaged_anywhere_must_be_thrown_away(tmp_path: Path) -> None:
    place, path = shelf(tmp_path), small(tmp_path / "a.vrm")
    fresh = place.load(path)
    ((entry, size, _),) = place.entries()
    good = entry.read_bytes()
    for at in (0, 8, 9, 16, 24, 40, size // 2, size - 65):
        bad = bytearray(good)
        bad[at] ^= 0x55
        entry.write_bytes(bad)
        assert not difference(place.load(path), fresh), at
        assert entry.read_bytes() == good, "the entry is made anew"
    for end in (0, 7, 24, 100, size - 1):
        entry.write_bytes(good[:end])
        assert not difference(place.load(path), fresh)


def test_an_entry_must_not_name_classes_that_are_not_ours(tmp_path: Path) -> None:
    import struct
    import zlib

    for it in (
        {"c": ["Path", ["/"]]}, {"c": ["Model", []]}, {"x": 1}, {"a": ["O", [1], 0]},
        {"a": ["<f4", [99], 0]}, {"a": ["<f4", [-4], 0]}, {"a": ["<f4", [1], -4]},
        {"e": ["Alpha", 1]}, {"a": 5, "b": 6}, {},
    ):  # fmt: skip
        text = json.dumps(it).encode()
        text += b" " * (-(24 + len(text)) % 64)
        body = text + bytes(64)
        data = struct.pack("<8sQQ", b"MSfroz\x00\x01", len(text), zlib.crc32(body)) + body
        with pytest.raises(ValueError, match=r"."):
            thaw(np.frombuffer(data, np.uint8))


def test_values_of_other_programs_must_not_be_frozen() -> None:
    made = load_avatar(MIRA, max_texture_px=16)
    with pytest.raises(TypeError):
        freeze(replace(made, springs=object()))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="Out of range"):
        freeze(replace(made, constraints=(float("nan"),)))  # type: ignore[arg-type]


def test_the_shelf_must_stay_within_its_size_and_lose_what_is_unused(tmp_path: Path) -> None:
    size = len(whole(load_avatar(small(tmp_path / "a.vrm"))))
    place = shelf(tmp_path, most_bytes=3 * size + size // 2)
    for k, name in enumerate("abc"):
        place.load(small(tmp_path / f"{name}.vrm", name=name))
        for path, _, used in place.entries():
            if used > 1e9:
                os.utime(path, (k, k))
    first = place.entries()[0][0]
    place.load(tmp_path / "a.vrm")
    assert place.entries()[-1][0] == first, "used again: the youngest"
    place.load(small(tmp_path / "d.vrm", name="d"))
    left = [path for path, _, _ in place.entries()]
    assert len(left) == 3
    assert first in left
    assert sum(s for _, s, _ in place.entries()) <= place.most_bytes
    assert place.clear() > 0
    assert place.entries() == []


def test_a_folder_that_cannot_be_written_must_not_stop_a_load(tmp_path: Path) -> None:
    wall = tmp_path / "wall"
    wall.write_text("a file, not a folder")
    path = small(tmp_path / "a.vrm")
    assert Shelf(wall / "shelf", smallest_file=0).load(path).name == "Test"
    assert Shelf(wall, smallest_file=0).load(path).name == "Test"
    assert shelf(tmp_path, most_bytes=10).load(path).name == "Test"
    assert Shelf(wall).clear() == 0


def test_files_beside_a_model_must_keep_it_off_the_shelf(tmp_path: Path) -> None:
    glb, _ = vrm1()
    face(glb, ("a",))
    (tmp_path / "data.bin").write_bytes(bytes(glb.binary))
    root = {k: v for k, v in glb.root.items() if v != []}
    root["buffers"] = [{"byteLength": len(glb.binary), "uri": "data.bin"}]
    path = tmp_path / "a.gltf"
    path.write_text(json.dumps(root))
    place = shelf(tmp_path)
    assert place.load(path).model.triangle_count == 2
    assert place.entries() == []


def test_light_files_must_not_fill_the_shelf(tmp_path: Path) -> None:
    place = Shelf(tmp_path / "shelf")
    place.load(small(tmp_path / "a.vrm"))
    assert place.entries() == []


def test_a_missing_file_must_be_refused_as_ever(tmp_path: Path) -> None:
    with pytest.raises(AssetError, match=r"none\.vrm") as caught:
        shelf(tmp_path).load(tmp_path / "none.vrm")
    assert caught.value.code == "asset.missing"


def test_a_machine_without_memory_must_be_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise MemoryError

    path = small(tmp_path / "a.vrm")
    monkeypatch.setattr("avatar.read.load.build", full)
    for load in (load_avatar, shelf(tmp_path).load):
        with pytest.raises(AssetError, match=r"a\.vrm") as caught:
            load(path)
        assert caught.value.code == "asset.memory"
