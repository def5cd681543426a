"""Any clip survives the way through a file; no bytes that pretend to be a motion do harm."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avatar import quat
from avatar.clip.bvh_write import bvh_text
from avatar.clip.clip import Clip, clip_of
from avatar.clip.load import load_clip
from avatar.clip.player import Cue, Player
from avatar.clip.vrma_write import vrma_bytes
from flow.clock import NS_PER_S
from flow.errors import AssetError
from flow.pose import HUMAN_BONES, Part, part_of_bone
from flow.spec import F32, faults
from tests.fixtures.figure import figure
from tests.fixtures.motion import animate, bvh, bvh_frame, some_clip, tilted_vrma

_N = len(HUMAN_BONES)
_EYES = np.array([b.endswith("Eye") for b in HUMAN_BONES])


@st.composite
def clips(draw: st.DrawFn) -> Clip:
    """Clips of any bones, any turns, any times."""
    keys = draw(st.integers(1, 6))
    gaps = draw(st.lists(st.floats(1e-3, 2.0), min_size=keys, max_size=keys))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    bones = rng.uniform(size=_N) < draw(st.floats(0.0, 1.0))
    names = draw(st.lists(st.sampled_from(["happy", "aa", "jawOpen", "Hut"]), unique=True))
    return clip_of(
        "any",
        np.cumsum(gaps),
        rotations=quat.normalize(rng.normal(size=(keys, _N, 4))),
        bones=bones & ~_EYES,
        hips=rng.normal(size=(keys, 3)) if draw(st.booleans()) else None,
        expressions={n: rng.uniform(size=keys) for n in names},
        gaze_deg=rng.uniform(-40, 40, (keys, 2)) if draw(st.booleans()) else None,
    )


def through(data: bytes, suffix: str) -> Clip:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"any.{suffix}")
        path.write_bytes(data)
        return load_clip(path, place=False)


def apart(a: F32, b: F32) -> float:
    return float(np.minimum(np.abs(a - b).max(-1), np.abs(a + b).max(-1)).max())


@settings(max_examples=60, deadline=None)
@given(clips())
def test_a_vrma_must_hold_any_clip(clip: Clip) -> None:
    back = through(vrma_bytes(clip), "vrma")
    assert set(back.expressions) == set(clip.expressions)
    assert back.duration_s == np.float32(clip.duration_s) or not clip.parts
    if clip.parts:
        assert (back.bones == clip.bones).all()
    for i, t in enumerate(clip.times_s):
        a, b = clip.sample(float(t)), back.sample(float(np.float32(t)))
        assert apart(a.rotations, b.rotations) < 1e-4, i
        assert np.abs(a.hips - b.hips).max() < 1e-4
        assert all(abs(a.expressions[n] - b.expressions[n]) < 1e-4 for n in clip.expressions)
        if clip.gaze_deg is not None:
            assert np.abs(a.gaze_deg - b.gaze_deg).max() < 1e-2


@settings(max_examples=30, deadline=None)
@given(clips(), st.sampled_from([24.0, 30.0, 60.0]))
def test_a_bvh_must_hold_any_motion_of_somebody_who_stands(clip: Clip, fps: float) -> None:
    # A BVH does not say which way is up: that is where its head is.
    trunk = [part_of_bone(b) in (Part.TORSO, Part.LEGS) for b in HUMAN_BONES]
    clip.rotations[:, trunk] = quat.normalize(clip.rotations[:, trunk] * 0.1 + quat.IDENTITY)
    back = through(bvh_text(clip, fps=fps).encode(), "bvh")
    known = back.bones
    for i in range(len(back.times_s)):
        a, b = clip.sample(i / fps), back.sample(float(back.times_s[i]))
        assert apart(a.rotations[known], b.rotations[known]) < 1e-4
        assert np.abs(a.hips - b.hips).max() < 1e-3


def _some_vrma() -> bytes:
    glb, nodes, _ = tilted_vrma(5, {"happy": "preset"}, gaze=True)
    animate(glb, nodes["head"], "rotation", [0, 1], np.tile(quat.IDENTITY, (2, 1)), "STEP")
    animate(glb, nodes["hips"], "translation", [0, 1], [[0, 1, 0], [0, 1, 1]])
    animate(glb, nodes["happy"], "translation", [0, 2], np.zeros((6, 3)), "CUBICSPLINE")
    animate(glb, nodes["lookAt"], "rotation", [0, 1], np.tile(quat.IDENTITY, (2, 1)))
    return glb.bytes()


_VRMA = _some_vrma()
with tempfile.TemporaryDirectory() as _folder:
    _GLB = figure(Path(_folder), walk_m=0.2).read_bytes()
_BVH = bvh([bvh_frame((0, 85, 0), Head=(1, 2, 3))] * 3).encode()
_WORDS = (
    b"{",
    b"}",
    b"JOINT",
    b"End Site",
    b"MOTION",
    b"1e30",
    b"-",
    b"null",
    b"-1",
    b"[]",
    b"9" * 20,
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from([_VRMA, _GLB, _BVH]),
    st.lists(
        st.tuples(
            st.integers(0, 1 << 16),
            st.one_of(st.binary(max_size=8), st.sampled_from(_WORDS)),
            st.integers(0, 8),
        ),
        min_size=1,
        max_size=6,
    ),
)
def test_damage_must_end_in_a_clip_or_a_clear_refusal(
    good: bytes, harm: list[tuple[int, bytes, int]]
) -> None:
    data = good
    for place, piece, gone in harm:
        at = place % len(data)
        data = data[:at] + piece + data[at + gone :]
    try:
        clip = through(data, "motion")
    except AssetError as error:
        assert error.hint
        assert len(error.message) < 600
        return
    assert faults(clip.sample(0.5)) == []


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["play", "queue", "stop"]),
            st.floats(0.0, 1.5),
            st.floats(0.0, 2.0),
            st.sets(st.sampled_from(list(Part))),
            st.booleans(),
        ),
        max_size=8,
    )
)
def test_a_player_must_give_sound_poses_whatever_is_asked(
    asked: list[tuple[str, float, float, set[Part], bool]],
) -> None:
    player, now = Player(), 0
    clip = some_clip(keys=5)
    for what, wait_s, fade_s, parts, loop in asked:
        cue = Cue(clip, loop=loop, fade_in_s=fade_s, fade_out_s=fade_s, parts=frozenset(parts))
        if what == "play":
            player.play(cue, now)
        elif what == "queue":
            player.queue(cue, now)
        else:
            player.stop(now, fade_s)
        now += round(wait_s * NS_PER_S)
        playing = player.at(now)
        if playing is None:
            continue
        assert faults(playing.pose) == []
        lengths = np.linalg.norm(playing.pose.rotations, axis=1)
        assert np.abs(lengths - 1.0).max() < 1e-4
        weights = [playing.hips, playing.gaze, *playing.bones, *playing.expressions.values()]
        assert 0.0 <= min(weights) <= max(weights) <= 1.0 + 1e-6
    player.stop(now, 0.5)
    assert player.at(now + NS_PER_S) is None
