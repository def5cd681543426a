"""Watches clips of faces with the published network and the rebuilt one, for `face_weights`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flow.motion import ARKIT_INDEX

F64 = NDArray[np.float64]
MOST_FRAMES = 400
LONGEST_SIDE = 960


@dataclass(slots=True)
class Person:
    """One clip: n frames seen by the published network (0) and the rebuilt one (1)."""

    name: str
    aspect: float
    points: F64  # (2, n, 478, 3) picture fractions
    weights: F64  # (n, 52)
    rotations: F64  # (n, 3, 3) of the published matrix


def watch(clip: Path, models: Path, cache: Path) -> Person | None:
    """What both networks saw in `clip`, kept in `cache`; None when there is no face."""
    kept = cache / f"{clip.stem}.npz"
    if not kept.is_file():
        np.savez(kept, **_watch(clip, models))
    with np.load(kept) as file:
        if not len(file["weights"]):
            print(f"{clip.stem}: no face found, left out")
            return None
        return Person(
            clip.stem,
            float(file["aspect"]),
            *(file[k].astype(np.float64) for k in ("points", "weights", "rotations")),
        )


def _watch(clip: Path, models: Path) -> dict[str, Any]:
    import cv2
    import mediapipe as mp
    from mediapipe.tasks.python import BaseOptions, vision

    def eye(path: Path, full: bool) -> Any:
        options = vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(path)),
            running_mode=vision.RunningMode.VIDEO,
            output_face_blendshapes=full,
            output_facial_transformation_matrixes=full,
        )
        return vision.FaceLandmarker.create_from_options(options)

    rebuilt = next(
        p for n in ("face_landmarker_w.task", "face478_nogeo.task") if (p := models / n).is_file()
    )
    video = cv2.VideoCapture(str(clip))
    every = max(1, int(video.get(cv2.CAP_PROP_FRAME_COUNT)) // MOST_FRAMES)
    found: list[tuple[Any, Any, Any, Any]] = []
    aspect, number = 1.0, 0
    with eye(models / "face_landmarker.task", True) as teacher, eye(rebuilt, False) as pupil:
        while (got := video.read())[0]:
            number += 1
            if number % every:
                continue
            frame = got[1]
            aspect = frame.shape[1] / frame.shape[0]
            if (shrink := LONGEST_SIDE / max(frame.shape)) < 1:
                frame = cv2.resize(frame, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
            picture = mp.Image(mp.ImageFormat.SRGB, np.ascontiguousarray(frame[:, :, ::-1]))
            a = teacher.detect_for_video(picture, number * 40)
            b = pupil.detect_for_video(picture, number * 40)
            if a.face_landmarks and b.face_landmarks:
                weights = np.zeros(52)
                for score in a.face_blendshapes[0]:
                    if score.category_name in ARKIT_INDEX:
                        weights[ARKIT_INDEX[score.category_name]] = score.score
                matrix = a.facial_transformation_matrixes[0][:3, :3]
                sides = [[(p.x, p.y, p.z) for p in r.face_landmarks[0]] for r in (a, b)]
                found.append((sides[0], sides[1], weights, matrix))
    video.release()
    return {
        "aspect": aspect,
        "points": np.array([[f[side] for f in found] for side in (0, 1)], np.float32),
        "weights": np.array([f[2] for f in found], np.float32),
        "rotations": np.array([f[3] for f in found], np.float32),
    }
