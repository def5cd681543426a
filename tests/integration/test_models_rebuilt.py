"""Networks rebuilt from the older wheel run, see what the published ones see, and need no more.

The wheel is looked for in MIRRORSTAGE_WHEEL (a file) and never downloaded here but in the long
test, which asks the package index.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from capture.models import bundle
from capture.models.face_pose import fit
from capture.models.fallback import FaceFallback
from capture.models.fetch import fetch
from capture.models.store import resolve, verify
from flow.errors import AssetError
from flow.motion import ARKIT_INDEX, ARKIT_NAMES
from flow.spec import F32, U8

pytestmark = pytest.mark.filterwarnings("default")

BLINK, JAW = ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["jawOpen"]


def wheel() -> Path:
    path = Path(os.environ.get("MIRRORSTAGE_WHEEL", ""))
    if not path.is_file():
        pytest.skip("no older mediapipe wheel (set MIRRORSTAGE_WHEEL to the file)")
    return path


def frames(clip: Path, count: int) -> list[U8]:
    cv2 = pytest.importorskip("cv2")
    video = cv2.VideoCapture(str(clip))
    out = [np.ascontiguousarray(video.read()[1][:, :, ::-1]) for _ in range(count)]
    video.release()
    return out


@contextmanager
def opened(name: str, path: Path, **options: Any) -> Iterator[Any]:
    pytest.importorskip("mediapipe")
    from mediapipe.tasks.python import BaseOptions, vision

    made = getattr(vision, f"{name}Options")(
        base_options=BaseOptions(model_asset_path=str(path)),
        running_mode=vision.RunningMode.VIDEO,
        **options,
    )
    landmarker = getattr(vision, name).create_from_options(made)
    try:
        yield landmarker
    finally:
        landmarker.close()


def detect(landmarker: Any, pictures: list[U8]) -> list[Any]:
    import mediapipe as mp

    return [
        landmarker.detect_for_video(mp.Image(mp.ImageFormat.SRGB, picture), i * 33)
        for i, picture in enumerate(pictures)
    ]


def face_points(results: list[Any]) -> list[F32]:
    return [np.array([(p.x, p.y, p.z) for p in r.face_landmarks[0]], np.float32) for r in results]


def angle(a: NDArray[Any], b: NDArray[Any]) -> float:
    cosine = (float(np.trace(a.T @ b)) - 1) / 2
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def check_that_all_run(folder: Path, shared: Path) -> None:
    videos = shared / "data" / "videos"
    found = resolve("full", folder=folder)
    with opened("FaceLandmarker", found.face) as face:
        seen = face_points(detect(face, frames(videos / "face" / "lp_d9.mp4", 3)))
        assert [p.shape for p in seen] == [(478, 3)] * 3
    body = frames(videos / "body" / "sam2_juggle.mp4", 3)
    with opened("PoseLandmarker", found.pose) as pose:
        assert [len(r.pose_landmarks[0]) for r in detect(pose, body)] == [33] * 3
    with opened("HandLandmarker", found.hand, num_hands=2) as hand:
        still = frames(next((videos / "hand_gestures" / "four").glob("*.jpg")), 1)
        hands = [r.hand_landmarks for r in detect(hand, still * 3)]
        assert [len(h[0]) for h in hands] == [21] * 3


def test_files_built_from_the_wheel_must_be_the_known_ones_and_run(
    shared: Path, tmp_path: Path
) -> None:
    built = bundle.build(wheel(), tmp_path)
    assert len(built) == len(bundle.BUILDABLE)
    states = {s.name: s.state for s in verify(folder=tmp_path)}
    assert [n for n, s in states.items() if s == "rebuilt"] == [
        "face",
        "hand",
        "pose_full",
        "segmenter",
    ]
    check_that_all_run(tmp_path, shared)


def test_only_the_attention_network_may_become_the_face(tmp_path: Path) -> None:
    import zipfile

    from capture.models import surgery

    with zipfile.ZipFile(wheel()) as archive:
        plain = archive.read("mediapipe/modules/face_landmark/face_landmark.tflite")
    with pytest.raises(ValueError, match="not the attention face network"):
        surgery.face_478(plain, "x")


@pytest.mark.long
@pytest.mark.peer
def test_an_empty_folder_and_a_package_index_must_be_enough(shared: Path, tmp_path: Path) -> None:
    try:
        fetch(tmp_path, prefer=("wheel",))
    except AssetError as error:
        if error.code != "models.unreachable":
            raise
        pytest.skip(f"no package index: {error.message}")
    check_that_all_run(tmp_path, shared)


@pytest.mark.shared
def test_points_alone_must_tell_what_the_published_network_tells(shared: Path) -> None:
    """The rebuilt network with our fit and weights, against the published pipeline."""
    models = shared / "data" / "models"
    clip = frames(shared / "data" / "videos" / "face" / "lp_d9.mp4", 120)
    aspect = clip[0].shape[1] / clip[0].shape[0]
    full = {"output_face_blendshapes": True, "output_facial_transformation_matrixes": True}
    with opened("FaceLandmarker", models / "face_landmarker.task", **full) as published:
        truth = detect(published, clip)
    with opened("FaceLandmarker", models / "face478_nogeo.task") as rebuilt:
        points = face_points(detect(rebuilt, clip))

    matrices = [r.facial_transformation_matrixes[0][:3, :3] for r in truth]
    own = [
        angle(fit(p, aspect)[:3, :3], m) for p, m in zip(face_points(truth), matrices, strict=True)
    ]
    other = [angle(fit(p, aspect)[:3, :3], m) for p, m in zip(points, matrices, strict=True)]
    assert np.median(own) < 0.5
    assert np.median(other) < 1.5, "the two networks themselves differ by about a degree"

    wanted = np.zeros((len(clip), 52))
    for row, result in zip(wanted, truth, strict=True):
        for score in result.face_blendshapes[0]:
            if score.category_name in ARKIT_INDEX:
                row[ARKIT_INDEX[score.category_name]] = score.score
    solver = FaceFallback()
    guess = np.array([solver.weights(p, aspect) for p in points])
    assert guess.min() >= 0
    assert guess.max() <= 1
    for shape, least in ((BLINK, 0.9), (JAW, 0.8)):
        r = np.corrcoef(guess[:, shape], wanted[:, shape])[0, 1]
        assert r > least, f"{ARKIT_NAMES[shape]} follows with {r:.2f} only"
    assert np.abs(guess - wanted).mean() < 0.06
