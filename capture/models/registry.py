"""Which network files the tracker uses, as data: names, addresses, sizes, hashes, licences.

The makers publish each file under one address that never changes its bytes (the ``1`` in the
path is a version). Where that address cannot be reached, most files can be built from the same
weights in an older package (`capture.models.bundle`); those lie under `rebuilt_name`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Profile = Literal["face", "upper", "full"]

BASE = "https://storage.googleapis.com/mediapipe-models/"
LICENCE = "Apache-2.0"
WHEEL = "mediapipe==0.10.21"
"""The last release that carried the weights inside its wheel; it is read, never installed."""

WHEEL_SHA256 = "05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3"
WHEEL_BYTES = 35_622_638


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One network file.

    Attributes:
        name: What commands call it.
        file: Its published name, and its name in the models folder.
        path: Its address under `BASE`.
        size: Bytes of the published file.
        sha256: Hash of the published file.
        purpose: What it does, for people.
        members: Names inside the archive that the tracker needs; empty for a bare network.
        rebuilt_name: Its name when built from `WHEEL`; empty when it cannot be.
        rebuilt_sha256: Hashes of the rebuilt file: ours first, then others known to be good.
        other_names: Further names under which a working file may lie.
    """

    name: str
    file: str
    path: str
    size: int
    sha256: str
    purpose: str
    members: tuple[str, ...] = ()
    rebuilt_name: str = ""
    rebuilt_sha256: tuple[str, ...] = ()
    other_names: tuple[str, ...] = ()
    licence: str = LICENCE

    @property
    def names(self) -> tuple[str, ...]:
        """Every file name it may have, best first."""
        return tuple(n for n in (self.file, self.rebuilt_name, *self.other_names) if n)

    @property
    def url(self) -> str:
        """Where its maker publishes it."""
        return BASE + self.path


_POSE_MEMBERS = ("pose_detector.tflite", "pose_landmarks_detector.tflite")

MODELS: tuple[ModelFile, ...] = (
    ModelFile(
        name="face",
        file="face_landmarker.task",
        path="face_landmarker/face_landmarker/float16/1/face_landmarker.task",
        size=3_758_596,
        sha256="64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
        purpose="478 face points, 52 face weights, head matrix",
        members=("face_detector.tflite", "face_landmarks_detector.tflite"),
        rebuilt_name="face_landmarker_w.task",
        rebuilt_sha256=("596286a1561d113b6c301ad9d9948836e76f650ef60953b7d195e30d51bc12e2",),
        other_names=("face478_nogeo.task",),
    ),
    ModelFile(
        name="hand",
        file="hand_landmarker.task",
        path="hand_landmarker/hand_landmarker/float16/1/hand_landmarker.task",
        size=7_819_105,
        sha256="fbc2a30080c3c557093b5ddfc334698132eb341044ccee322ccf8bcf3607cde1",
        purpose="21 points of each hand",
        members=("hand_detector.tflite", "hand_landmarks_detector.tflite"),
        rebuilt_name="hand_landmarker_w.task",
        rebuilt_sha256=("5bd51efffa7545acea5bb0fc04a8b1ddfa4f28298d953af49959266f65fad5ce",),
    ),
    ModelFile(
        name="pose_lite",
        file="pose_landmarker_lite.task",
        path="pose_landmarker/pose_landmarker_lite/float16/1/pose_landmarker_lite.task",
        size=5_777_746,
        sha256="59929e1d1ee95287735ddd833b19cf4ac46d29bc7afddbbf6753c459690d574a",
        purpose="33 body points, the quick network",
        members=_POSE_MEMBERS,
        # The published members zipped again (other time stamps in the archive).
        rebuilt_sha256=("b91f7d84560e4ebfc1f98b2517d6606cfa6b72b699ada5a4937c608b1f28c845",),
    ),
    ModelFile(
        name="pose_full",
        file="pose_landmarker_full.task",
        path="pose_landmarker/pose_landmarker_full/float16/1/pose_landmarker_full.task",
        size=9_398_198,
        sha256="4eaa5eb7a98365221087693fcc286334cf0858e2eb6e15b506aa4a7ecdcec4ad",
        purpose="33 body points, the careful network",
        members=_POSE_MEMBERS,
        rebuilt_name="pose_landmarker_full_w.task",
        rebuilt_sha256=("f9668ea0a1c7d83d819f5956e7d25f9036f01175b49991fe58594c704150bd99",),
    ),
    ModelFile(
        name="segmenter",
        file="selfie_segmenter.tflite",
        path="image_segmenter/selfie_segmenter/float16/1/selfie_segmenter.tflite",
        size=249_537,
        sha256="191ac9529ae506ee0beefa6b2c945a172dab9d07d1e802a290a4e4038226658b",
        purpose="separates a person from the background",
        rebuilt_name="selfie_segmenter_w.tflite",
        rebuilt_sha256=("9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",),
    ),
)

BY_NAME: dict[str, ModelFile] = {m.name: m for m in MODELS}

FACE_EXTRAS = ("face_blendshapes.tflite", "geometry_pipeline_metadata_landmarks.binarypb")
"""Members of the published face file that give weights and head matrix; rebuilt files lack them."""

Need = tuple[str, ...]
"""Names of models of which one is enough, best first."""

NEEDS: dict[Profile, tuple[Need, ...]] = {
    "face": (("face",),),
    "upper": (("face",), ("pose_lite", "pose_full"), ("hand",)),
    "full": (("face",), ("pose_lite", "pose_full"), ("hand",)),
}
"""What each tracking profile cannot do without."""

DEFAULT: tuple[str, ...] = ("face", "hand", "pose_lite")
"""What a fetch brings when nobody asks for more: 17.4 MB."""
