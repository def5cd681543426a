"""What lies in the models folder is named, judged and chosen rightly."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from capture.models import bundle, store
from capture.models.registry import BY_NAME, DEFAULT, FACE_EXTRAS, MODELS, NEEDS, Profile
from capture.models.store import Progress, check, describe, home, resolve, verify
from flow.errors import AssetError

PROFILES: tuple[Profile, ...] = ("face", "upper", "full")


def archive(path: Path, names: tuple[str, ...]) -> Path:
    path.write_bytes(bundle.pack({name: b"net " + name.encode() for name in names}))
    return path


def put(folder: Path, name: str, *, rebuilt: bool = False, extras: tuple[str, ...] = ()) -> Path:
    """An archive that has the members of model `name`."""
    model = BY_NAME[name]
    return archive(folder / (model.rebuilt_name if rebuilt else model.file), model.members + extras)


@pytest.mark.parametrize(
    ("env", "platform", "expected"),
    [
        ({"HOME": "/h"}, "linux", "/h/.cache/mirrorstage/models"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "/c"}, "linux", "/c/mirrorstage/models"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "relative"}, "linux", "/h/.cache/mirrorstage/models"),
        ({"HOME": "/h"}, "darwin", "/h/Library/Caches/mirrorstage/models"),
        ({"HOME": "/h", "LOCALAPPDATA": "/l"}, "win32", "/l/mirrorstage/models"),
        ({"HOME": "/h", "MIRRORSTAGE_MODELS": "/m"}, "darwin", "/m"),
    ],
)
def test_the_folder_must_follow_the_platform_and_the_variable(
    env: dict[str, str], platform: str, expected: str
) -> None:
    assert home(env, platform) == Path(expected)


def test_an_empty_folder_must_say_what_is_missing_and_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(AssetError) as failed:
        resolve("full", folder=tmp_path)
    assert failed.value.code == "models.missing"
    assert "face_landmarker.task" in failed.value.message
    assert "mirrorstage models fetch" in failed.value.hint


def test_a_folder_that_cannot_be_looked_into_must_be_named(tmp_path: Path) -> None:
    with pytest.raises(AssetError) as fault:
        store.resolve("face", folder=tmp_path / ("x" * 300))
    assert fault.value.code == "models.folder"
    assert "Errno" not in str(fault.value)


def test_a_user_without_a_home_must_be_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flow.paths.user_path", Path)
    with pytest.raises(AssetError, match="no home folder") as fault:
        store.home({}, "linux")
    assert "MIRRORSTAGE_MODELS" in fault.value.hint


def test_a_face_profile_must_need_the_face_alone(tmp_path: Path) -> None:
    face = put(tmp_path, "face", extras=FACE_EXTRAS)
    found = resolve("face", folder=tmp_path)
    assert (found.face, found.face_is_official) == (face, True)
    with pytest.raises(AssetError, match="pose_lite"):
        resolve("upper", folder=tmp_path)


def test_published_files_must_win_over_rebuilt_ones(tmp_path: Path) -> None:
    rebuilt = [put(tmp_path, n, rebuilt=True) for n in ("face", "hand", "pose_full")]
    found = resolve("full", folder=tmp_path)
    assert [found.face, found.hand, found.pose] == rebuilt
    assert not found.face_is_official
    assert not found.pose_is_lite
    published = [put(tmp_path, "face", extras=FACE_EXTRAS), put(tmp_path, "hand")]
    lite = put(tmp_path, "pose_lite")
    found = resolve("full", folder=tmp_path)
    assert [found.face, found.hand, found.pose] == [*published, lite]
    assert found.face_is_official
    assert found.pose_is_lite


def test_a_broken_file_must_be_passed_over_for_a_whole_one(tmp_path: Path) -> None:
    put(tmp_path, "face", extras=FACE_EXTRAS).write_bytes(b"PK\x03\x04 torn")
    whole = put(tmp_path, "face", rebuilt=True)
    assert resolve("face", folder=tmp_path).face == whole


@pytest.mark.parametrize("keep", [0, 40, 200], ids=["empty", "head", "no directory"])
def test_a_torn_file_alone_must_be_called_damaged(tmp_path: Path, keep: int) -> None:
    face = put(tmp_path, "face")
    face.write_bytes(face.read_bytes()[:keep])
    with pytest.raises(AssetError) as failed:
        resolve("face", folder=tmp_path)
    assert failed.value.code == "models.damaged"
    assert str(face) in failed.value.message


def test_an_archive_without_the_networks_must_be_called_damaged(tmp_path: Path) -> None:
    archive(tmp_path / "face_landmarker.task", ("face_detector.tflite",))
    with pytest.raises(AssetError, match=r"face_landmarks_detector\.tflite"):
        resolve("face", folder=tmp_path)


def test_verify_must_tell_the_four_states_apart(tmp_path: Path) -> None:
    put(tmp_path, "face")  # the published name with other bytes
    put(tmp_path, "hand", rebuilt=True)  # whole, of an unknown hash
    torn = put(tmp_path, "pose_full", rebuilt=True)
    torn.write_bytes(torn.read_bytes().replace(b"net pose_detector", b"NET pose_detector"))
    seen: list[Progress] = []
    states = {s.name: s.state for s in verify(seen.append, folder=tmp_path)}
    assert states == {
        "face": "damaged",
        "hand": "rebuilt",
        "pose_lite": "missing",
        "pose_full": "damaged",
        "segmenter": "missing",
    }
    assert seen[-1].done == seen[-1].total > 0


def test_one_changed_byte_must_be_found(shared: Path, tmp_path: Path) -> None:
    model = BY_NAME["face"]
    copy = Path(shutil.copy(shared / "data/models/face_landmarker.task", tmp_path))
    assert check(model, copy).state == "ok"
    copy.chmod(0o644)
    with copy.open("r+b") as file:
        file.seek(1_000_000)
        byte = file.read(1)
        file.seek(1_000_000)
        file.write(bytes([byte[0] ^ 1]))
    assert check(model, copy).state == "damaged"
    # The quick look does not read contents: that is what verify is for.
    assert resolve("face", folder=tmp_path).face == copy


def test_describe_must_be_plain_data_about_every_model(tmp_path: Path) -> None:
    put(tmp_path, "hand", rebuilt=True)
    rows = describe(tmp_path)
    assert json.loads(json.dumps(rows)) == rows
    assert [r["name"] for r in rows] == [m.name for m in MODELS]
    assert {str(r["licence"]) for r in rows} == {"Apache-2.0"}
    assert all(str(r["url"]).startswith("https://") for r in rows)


def test_the_registry_must_be_consistent() -> None:
    for profile in PROFILES:
        for need in NEEDS[profile]:
            assert all(name in BY_NAME for name in need)
            assert set(need) & set(DEFAULT)
    names = [n for m in MODELS for n in m.names]
    assert len(set(names)) == len(names)
    for model in MODELS:
        assert all(len(h) == 64 for h in (model.sha256, *model.rebuilt_sha256))
        assert bool(model.rebuilt_name) == (model.name in bundle.BUILDABLE)


def test_an_archive_must_be_stored_aligned_and_the_same_every_time(tmp_path: Path) -> None:
    members = {"a.tflite": b"1" * 3, "bc.tflite": b"2" * 10, "def.tflite": b"3"}
    data = bundle.pack(members)
    assert data == bundle.pack(members)
    path = tmp_path / "x.task"
    path.write_bytes(data)
    with zipfile.ZipFile(path) as whole:
        assert whole.testzip() is None
        for info in whole.infolist():
            assert info.compress_type == zipfile.ZIP_STORED
            assert data.find(members[info.filename], info.header_offset + 30) % 4 == 0


def test_the_shared_folder_must_serve_every_profile(shared: Path) -> None:
    for profile in PROFILES:
        found = resolve(profile, folder=shared / "data" / "models")
        assert found.face_is_official
    assert {s.state for s in verify(folder=shared / "data" / "models")} <= {"ok", "rebuilt"}
