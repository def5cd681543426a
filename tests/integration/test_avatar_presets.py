"""A face of presets must say what a face of ARKit shapes says: on filmed faces, on one avatar."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar.perform.performer import Performer
from avatar.read.load import load_avatar
from avatar.rig.avatar import Avatar
from avatar.rig.expression import Expression
from avatar.rig.expression_rig import ExpressionRig
from avatar.rig.words import words_of
from avatar.solve.express import expressions
from flow.clock import NS_PER_S
from flow.motion import ARKIT_INDEX
from host.landmarks import frame_of
from tests.conftest import ROOT

F64 = NDArray[np.float64]
CLIPS = ("st_katiehill", "lp_d12", "lp_d10", "lp_d3")


class Mouth:
    """Mira's mouth, with all her shapes or with presets only: how far it opens, how wide it is."""

    def __init__(self, mira: Avatar, *, presets_only: bool) -> None:
        self.shapes = {
            name: e
            for name, e in mira.expressions.items()
            if not (presets_only and name in ARKIT_INDEX)
        }
        self.rig = ExpressionRig(self.shapes, mira.model, words=words_of(self.shapes, mira.model))
        skin = next(p for p in mira.model.primitives if p.morphs)
        moved = np.zeros((len(mira.model.morph_names), len(skin.positions), 3))
        for k, morph in enumerate(skin.morphs):
            moved[skin.morph_offset + k, morph.vertices] = morph.positions
        at = skin.positions
        jaw, pucker = (self._of(moved, mira.expressions[n]) for n in ("jawOpen", "mouthPucker"))
        middle = np.flatnonzero((np.abs(at[:, 0]) < 1e-4) & (at[:, 2] > 0.098) & jaw.any(axis=1))
        upper = middle[np.argmax(jaw[middle, 1])]
        lower = middle[np.argmin(jaw[middle, 1])]
        lips = np.flatnonzero((np.abs(pucker).sum(axis=1) > 3e-4) & (at[:, 2] > 0.08))
        left, right = lips[np.argmax(at[lips, 0])], lips[np.argmin(at[lips, 0])]
        self._open = moved[:, upper, 1] - moved[:, lower, 1]
        self._wide = moved[:, left, 0] - moved[:, right, 0]

    @staticmethod
    def _of(moved: F64, expression: Expression) -> F64:
        return np.asarray(np.sum([moved[b.slot] * b.weight for b in expression.morphs], axis=0))

    def mm(self, faces: Iterable[dict[str, float]]) -> F64:
        """(n, 2) opening and widening in millimetres."""
        out = []
        for face in faces:
            self.rig.update(face, {})
            weights = self.rig.morph_weights.astype(np.float64)
            out.append((weights @ self._open, weights @ self._wide))
        return np.array(out) * 1e3


@pytest.fixture(scope="module")
def mira() -> Avatar:
    return load_avatar(ROOT / "assets" / "avatars" / "mira.vrm", max_texture_px=64)


def filmed(shared: Path, clip: str) -> Iterator[dict[str, float]]:
    """The face that a show would show."""
    performer = Performer()
    with gzip.open(shared / "data" / "motion" / "mp_real" / f"{clip}.jsonl.gz", "rt") as lines:
        for seq, line in enumerate(lines):
            row: dict[str, Any] = json.loads(line)
            row["t"] = seq / 30.0
            performer.feed(frame_of(row, seq))
            pose = performer.pose(round(seq / 30.0 * NS_PER_S))
            if seq > 15:  # the idle face hands over to the performer's
                yield pose.expressions


@pytest.mark.shared
@pytest.mark.parametrize("clip", CLIPS)
def test_a_mouth_of_presets_must_open_as_one_of_shapes_does(
    shared: Path, mira: Avatar, clip: str
) -> None:
    faces = list(filmed(shared, clip))
    shapes, presets = (Mouth(mira, presets_only=p).mm(faces) for p in (False, True))
    opening = np.corrcoef(shapes[:, 0], presets[:, 0])[0, 1]
    width = np.corrcoef(shapes[:, 1], presets[:, 1])[0, 1]
    assert opening > 0.97, "0.98 to 1.00; vowels as they were gave 0.83 to 1.00"
    assert width > 0.8
    assert abs(shapes[:, 0] - presets[:, 0]).mean() < 1.0


@pytest.mark.parametrize(
    ("said", "vowel"),
    [
        ({"jawOpen": 0.7}, "aa"),
        ({"jawOpen": 0.5, "mouthFunnel": 0.8}, "oh"),
        ({"mouthPucker": 0.9}, "ou"),
        ({"jawOpen": 0.35, "mouthStretchLeft": 0.9, "mouthStretchRight": 0.9}, "ee"),
        ({"mouthLowerDownLeft": 0.6, "mouthLowerDownRight": 0.6, "mouthUpperUpLeft": 0.3,
          "mouthUpperUpRight": 0.3, "jawOpen": 0.02}, "ih"),
    ],
)  # fmt: skip
def test_each_vowel_must_be_heard_in_its_mouth(said: dict[str, float], vowel: str) -> None:
    """The vowel of each mouth grows the most against a mouth that only opens as far."""
    values = np.zeros(52, np.float32)
    for name, weight in said.items():
        values[ARKIT_INDEX[name]] = weight
    got = expressions(values)
    plain = np.zeros(52, np.float32)
    plain[ARKIT_INDEX["jawOpen"]] = said.get("jawOpen", 0.0)
    before = dict.fromkeys(got, 0.0) if vowel == "aa" else expressions(plain)
    grown = {v: got[v] - before[v] for v in ("aa", "ih", "ou", "ee", "oh")}
    assert max(grown, key=grown.__getitem__) == vowel
    assert grown[vowel] > 0.1


def test_shut_lips_over_an_open_jaw_must_be_no_vowel() -> None:
    values = np.zeros(52, np.float32)
    values[ARKIT_INDEX["jawOpen"]] = values[ARKIT_INDEX["mouthClose"]] = 0.4
    got = expressions(values)
    assert sum(got[v] for v in ("aa", "ih", "ou", "ee", "oh")) < 0.1


def test_a_soft_smile_must_be_relaxed_and_a_broad_one_happy() -> None:
    def moods(**weights: float) -> dict[str, float]:
        values = np.zeros(52, np.float32)
        for name, weight in weights.items():
            values[ARKIT_INDEX[name]] = weight
        got = expressions(values)
        return {m: got[m] for m in ("happy", "angry", "sad", "relaxed", "surprised")}

    soft = moods(mouthSmileLeft=0.3, mouthSmileRight=0.3)
    assert max(soft, key=soft.__getitem__) == "relaxed"
    broad = moods(mouthSmileLeft=0.9, mouthSmileRight=0.9)
    assert broad["happy"] > 0.5 and broad["relaxed"] < 0.1
    brows = moods(browInnerUp=0.9, browOuterUpLeft=0.9, browOuterUpRight=0.9)
    assert brows["surprised"] < 0.05, "raised brows alone are a habit"
    agape = moods(browInnerUp=0.9, browOuterUpLeft=0.9, browOuterUpRight=0.9,
                  eyeWideLeft=0.5, eyeWideRight=0.5, jawOpen=0.4)  # fmt: skip
    assert agape["surprised"] > 0.5
    for mood in (soft, broad, brows, agape):
        assert sum(mood.values()) <= 1.0
