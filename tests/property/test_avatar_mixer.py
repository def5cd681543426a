"""Whatever layers lie over each other, a body stays a body."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar.clip.clip import clip_of
from avatar.perform.animation_layer import AnimationLayer
from avatar.perform.camera_layer import CameraLayer
from avatar.perform.expression_layer import ExpressionCue, ExpressionLayer, Mode
from avatar.perform.fade import STEEPEST, Fade
from avatar.perform.layer import Layer, LayerKind
from avatar.perform.mixer import Mixer
from avatar.perform.performer import Performer
from avatar.perform.pose_layer import PoseLayer
from avatar.perform.speech_layer import SpeechLayer
from flow.motion import ARKIT_NAMES
from flow.pose import HUMAN_BONES, PRESET_EXPRESSIONS, AvatarPose, Driver, Part, t_pose
from tests.fixtures.performer import Scene, apart_deg, euler, turned

STEP = 33_000_000
BOUND_DEG = 15.0 + 1.0
"""A hand-over's most in a picture, and what an idle body moves by itself."""
NAMES = [*PRESET_EXPRESSIONS, *ARKIT_NAMES, "Cat ears"]
Events = list[tuple[int, int, bool]]

events = st.lists(
    st.tuples(st.integers(0, 39), st.integers(0, 4), st.booleans()), min_size=1, max_size=12
)


def some_pose(rng: np.random.Generator) -> AvatarPose:
    """Any pose at all, its parts and face chosen at random."""
    q = rng.normal(size=(len(HUMAN_BONES), 4))
    q /= np.linalg.norm(q, axis=1, keepdims=True)
    parts = [p for p in Part if rng.random() < 0.7] or [Part.HEAD]
    chosen = rng.choice(len(NAMES), 8, replace=False)
    return replace(
        t_pose(),
        hips=rng.normal(size=3).astype(np.float32) * 0.2,
        rotations=q.astype(np.float32),
        expressions={NAMES[i]: float(rng.random() * 1.5 - 0.2) for i in chosen},
        gaze_deg=rng.normal(size=2).astype(np.float32) * 10.0,
        driver=dict.fromkeys(parts, Driver.HUMAN),
    )


class Stage:
    """One layer of each kind, switched by events."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.sent, still = some_pose(rng), some_pose(rng)
        self.vmc = PoseLayer("vmc", priority=int(rng.integers(1, 60)))
        clip = clip_of(
            "still",
            np.array([0.0, 0.7]),
            rotations=np.stack([still.rotations] * 2),
            bones=rng.random(len(HUMAN_BONES)) < 0.6,
            hips=np.zeros((2, 3)),
            expressions={"happy": np.array([0.0, 1.0]), "jawOpen": np.array([1.0, 0.0])},
        )
        self.animation = AnimationLayer(
            clip, loop=True, priority=int(rng.integers(1, 60)), fade_s=float(rng.random() * 0.3)
        )
        self.speech = SpeechLayer()
        self.faces = ExpressionLayer(
            [ExpressionCue("sad", "sad"), ExpressionCue("wink", "blinkLeft", mode=Mode.HOLD)]
        )
        self.performer = Performer(mirrored=bool(rng.random() < 0.5))
        layers: list[Layer] = [
            self.vmc, self.animation, self.speech, self.faces, CameraLayer(self.performer)
        ]  # fmt: skip
        self.mixer = Mixer([layers[i] for i in rng.permutation(len(layers))])
        self.on = [False] * 5

    def event(self, who: int, on: bool, now: int) -> None:
        self.on[who] = on
        if who == 1 and on:
            self.mixer.raise_(self.animation)
            self.animation.start(now)
        elif who == 1:
            self.animation.stop(now)
        elif who == 3:
            self.faces.press("sad" if on else "wink", now)

    def picture(self, now: int) -> AvatarPose:
        if self.on[0]:
            self.vmc.feed(replace(self.sent, captured=now))
        if self.on[2]:
            self.speech.say({"aa": 0.9, "jawOpen": 0.4, "nonsense": 1.0}, now)
        if self.on[4]:
            arm = turned(leftUpperArm=euler("z", 60), rightLowerArm=euler("y", 80))
            self.performer.feed(Scene(arm, weights={"mouthSmileLeft": 0.8}).frame(now))
        return self.mixer.pose(now)


@settings(max_examples=25, deadline=None)
@given(events=events, seed=st.integers(0, 10_000))
def test_any_stack_must_give_a_body_that_can_be_shown(events: Events, seed: int) -> None:
    stage = Stage(seed)
    poses = []
    for i in range(40):
        now = (i + 1) * STEP
        for at, who, on in events:
            if at == i:
                stage.event(who, on, now)
        poses.append(stage.picture(now))
    assert not stage.mixer.faults
    for pose in poses:
        assert pose.rotations.shape == (len(HUMAN_BONES), 4)
        assert pose.rotations.dtype == np.float32
        assert np.allclose(np.linalg.norm(pose.rotations, axis=1), 1.0, atol=1e-4)
        assert np.isfinite(pose.hips).all() and np.isfinite(pose.gaze_deg).all()
        for weights in (pose.expressions, pose.chosen):
            assert all(-1e-9 <= w <= 1.0 + 1e-6 for w in weights.values())
        assert sum(pose.chosen.get(v, 0.0) for v in ("aa", "ih", "ou", "ee", "oh")) <= 1.0 + 1e-6
        assert set(pose.driver) == set(Part)
    for a, b in pairwise(poses):
        assert apart_deg(a.rotations, b.rotations).max() < BOUND_DEG
        assert np.linalg.norm(a.hips - b.hips) < 0.1


@settings(max_examples=25, deadline=None)
@given(events=events, seed=st.integers(0, 10_000))
def test_who_moves_a_part_must_be_somebody_who_is_there(events: Events, seed: int) -> None:
    stage = Stage(seed)
    ever: set[int] = set()
    might = {0: Driver.HUMAN, 1: Driver.REPLAY, 2: Driver.AI, 4: Driver.HUMAN}
    for i in range(40):
        now = (i + 1) * STEP
        for at, who, on in events:
            if at == i:
                stage.event(who, on, now)
                ever |= {who} if on else set()
        there = {Driver.IDLE} | {might[who] for who in ever if who in might}
        assert set(stage.picture(now).driver.values()) <= there


@given(
    sends=st.lists(st.tuples(st.floats(0, 2), st.sampled_from([0.0, 1.0])), max_size=8),
    seconds=st.floats(0.1, 1.0),
)
def test_a_fade_must_have_no_corner_wherever_it_is_sent_when(
    sends: list[tuple[float, float]], seconds: float
) -> None:
    fade, dt = Fade(), 1e-3
    sends = sorted(sends)
    values = []
    for k in range(2500):
        t = k * dt
        while sends and sends[0][0] <= t:
            fade.to(sends.pop(0)[1], t, seconds)
        values.append(fade.at(t))
    speed = np.diff(values) / dt
    assert min(values) >= 0.0 and max(values) <= 1.0
    # Never faster than sent twice in the worst moment, and without a jump of speed.
    assert np.abs(speed).max() < 1.4 * STEEPEST / seconds
    assert np.abs(np.diff(speed)).max() < 40.0 * dt / seconds**2


def test_the_kinds_of_layers_must_have_different_places() -> None:
    from avatar.perform.layer import PRIORITY, TRIGGERED

    order = ["idle", "animation", "camera", "vmc", "speech", "expression"]
    assert [k.value for k in sorted(PRIORITY, key=PRIORITY.__getitem__)] == order
    assert PRIORITY[LayerKind.SPEECH] < TRIGGERED < PRIORITY[LayerKind.EXPRESSION]
