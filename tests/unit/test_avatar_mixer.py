"""One pose from everybody who moves the body: who wins, how it changes hands, who is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from avatar.clip.clip import Clip, clip_of
from avatar.perform.animation_layer import AnimationLayer
from avatar.perform.blend import fault_of
from avatar.perform.camera_layer import CameraLayer
from avatar.perform.expression_layer import ExpressionCue, ExpressionLayer
from avatar.perform.idle import Idle
from avatar.perform.layer import TRIGGERED, Layer, LayerKind
from avatar.perform.mixer import Mixer
from avatar.perform.performer import Performer
from avatar.perform.pose_layer import PoseLayer
from avatar.perform.smooth import Mask
from avatar.perform.speech_layer import SpeechLayer
from flow.pose import BONE_INDEX, HUMAN_BONES, AvatarPose, Driver, Part, part_of_bone, t_pose
from tests.fixtures.performer import Scene, apart_deg, euler, placed, turned

STEP = 33_000_000
ARMS_OUT = turned(leftUpperArm=euler("z", 20), rightUpperArm=euler("z", -20))
F64 = NDArray[np.float64]


def still(rotations: F64, parts: set[Part] | None = None, hips: F64 | None = None) -> Clip:
    """A clip that holds one pose for a second."""
    wanted = set(Part) if parts is None else parts
    return clip_of(
        "still",
        np.array([0.0, 1.0]),
        rotations=np.stack([rotations, rotations]),
        bones=np.array([part_of_bone(b) in wanted for b in HUMAN_BONES]),
        hips=None if hips is None else np.stack([hips, hips]),
    )


def sent(now: int, **bones: Rotation) -> AvatarPose:
    """A pose of another program."""
    rotations = turned(**bones).astype(np.float32)
    return replace(t_pose(now), rotations=rotations, driver=dict.fromkeys(Part, Driver.HUMAN))


def run(
    mixer: Mixer, pictures: int, each: Callable[[int, int], None] = lambda i, now: None,
    start: int = 0,
) -> list[AvatarPose]:  # fmt: skip
    """Pictures at 30 Hz; `each` is called before each."""
    poses = []
    for i in range(start, start + pictures):
        now = (i + 1) * STEP
        each(i, now)
        poses.append(mixer.pose(now))
    return poses


def steps_deg(poses: list[AvatarPose]) -> np.ndarray:
    """The largest joint step from each picture to the next."""
    return np.array([apart_deg(a.rotations, b.rotations).max() for a, b in pairwise(poses)])


def turn_deg(pose: AvatarPose, bone: str, want: F64) -> float:
    """How far a bone is from where it should be."""
    row = BONE_INDEX[bone]
    return float(apart_deg(pose.rotations[row : row + 1], want[row : row + 1])[0])


def test_alone_the_camera_must_move_the_body_as_the_performer_does() -> None:
    alone, performer = Performer(), Performer()
    mixer = Mixer([CameraLayer(performer)])

    for i in range(120):
        now = (i + 1) * STEP
        if i % 50 < 35:
            scene = Scene(ARMS_OUT, weights={"jawOpen": 0.4}, noise_m=0.002, left=i % 20 < 10)
            alone.feed(scene.frame(now, i))
            performer.feed(scene.frame(now, i))
        pose, want = mixer.pose(now), alone.pose(now)
        assert np.array_equal(pose.rotations, want.rotations)
        assert pose.expressions == want.expressions
        assert np.abs(pose.hips - want.hips).max() < 2e-3, "idle knees are straight: 2 mm at most"


def test_an_animation_must_fill_what_the_camera_does_not_see() -> None:
    """A face only: the arms are the animation's, the head the performer's."""
    pose_of = turned(leftUpperArm=euler("z", 50), head=euler("y", 60))
    layer, performer = AnimationLayer(still(pose_of), loop=True), Performer(calibrate=False)
    mixer = Mixer([layer, CameraLayer(performer)])

    def see(i: int, now: int) -> None:
        if i == 0:
            layer.start(now)
        performer.feed(Scene(body=False, head=euler("y", -20)).frame(now, i))

    last = run(mixer, 60, see)[-1]
    assert turn_deg(last, "leftUpperArm", pose_of) < 1.0
    assert turn_deg(last, "head", pose_of) > 50.0
    assert last.driver[Part.LEFT_ARM] is Driver.REPLAY
    assert last.driver[Part.HEAD] is Driver.HUMAN


@pytest.mark.parametrize(("priority", "who"), [(10, Driver.HUMAN), (TRIGGERED, Driver.REPLAY)])
def test_priority_must_decide_who_has_the_arm(priority: int, who: Driver) -> None:
    up = turned(leftUpperArm=euler("z", 80))
    layer = AnimationLayer(still(up, {Part.LEFT_ARM}), loop=True, priority=priority)
    performer = Performer()
    mixer = Mixer([CameraLayer(performer), layer])

    def see(i: int, now: int) -> None:
        performer.feed(Scene(ARMS_OUT).frame(now, i))
        if i == 30:
            layer.start(now)

    poses = run(mixer, 80, see)
    assert poses[-1].driver[Part.LEFT_ARM] is who
    assert poses[-1].driver[Part.RIGHT_ARM] is Driver.HUMAN
    assert (turn_deg(poses[-1], "leftUpperArm", up) < 1.0) == (who is Driver.REPLAY)
    assert steps_deg(poses[25:]).max() < 15.5


def test_an_animation_must_come_and_go_without_a_jerk() -> None:
    up = turned(rightUpperArm=euler("z", -60), rightLowerArm=euler("z", -100))
    layer = AnimationLayer(still(up, {Part.RIGHT_ARM}), loop=True, priority=50, fade_s=0.1)
    mixer = Mixer([layer])

    def each(i: int, now: int) -> None:
        if i == 10:
            layer.start(now)
        if i == 50:
            layer.stop(now)

    poses = run(mixer, 90, each)
    at = np.array([turn_deg(p, "rightLowerArm", up) for p in poses])
    speed = np.diff(at)
    assert at[45] < 0.5 and at[5] > 60.0 and at[-1] > 60.0
    assert np.abs(speed).max() < 15.0, "a fade that is too short for the way is stretched"
    assert np.abs(np.diff(speed)).max() < 6.0, "no corner in the path"
    assert not layer.playing


def test_an_arm_asked_for_again_must_not_jump() -> None:
    there, back = turned(leftUpperArm=euler("z", 60)), turned(leftUpperArm=euler("z", -60))
    clip = clip_of("swing", np.array([0.0, 1.5]), rotations=np.stack([there, back]),
                   bones=np.array([b == "leftUpperArm" for b in HUMAN_BONES]))  # fmt: skip
    layer = AnimationLayer(clip, priority=50)
    mixer = Mixer([layer])
    poses = run(mixer, 90, lambda i, now: layer.start(now) if i in (5, 35) else None)
    assert steps_deg(poses).max() < 15.5


def test_a_loop_with_a_seam_must_be_faded_into_itself() -> None:
    there, back = turned(leftUpperArm=euler("z", 70)), turned(leftUpperArm=euler("z", -70))
    clip = clip_of("swing", np.array([0.0, 2.0]), rotations=np.stack([there, back]),
                   bones=np.array([b == "leftUpperArm" for b in HUMAN_BONES]))  # fmt: skip
    layer = AnimationLayer(clip, loop=True, priority=50)
    mixer = Mixer([layer])
    poses = run(mixer, 240, lambda i, now: layer.start(now) if i == 0 else None)
    assert layer.playing
    assert steps_deg(poses).max() < 15.5
    at = np.array([turn_deg(p, "leftUpperArm", there) for p in poses[30:]])
    assert at.max() > 100.0 and (np.diff(at) < 0).sum() > 20, "it goes back and forth for ever"


def test_a_bow_must_leave_the_feet_where_they_stand() -> None:
    bow = turned(hips=euler("x", 35), spine=euler("x", 20))
    layer = AnimationLayer(still(bow, {Part.TORSO}, np.array([0.0, -0.3, 0.0])), priority=50)
    mixer = Mixer([layer])
    layer.start(0)
    poses = run(mixer, 25)
    before, after = placed(Idle().pose(20 * STEP)), placed(poses[19])
    assert np.linalg.norm(after["head"] - before["head"]) > 0.2
    for foot in ("leftFoot", "rightFoot"):
        assert np.linalg.norm(after[foot] - before[foot]) < 0.08


def test_the_newest_of_equal_animations_must_show() -> None:
    a, b = (turned(leftUpperArm=euler("z", angle)) for angle in (70, -30))
    first, second = (AnimationLayer(still(p, {Part.LEFT_ARM}), loop=True, priority=50)
                     for p in (a, b))  # fmt: skip
    mixer = Mixer([first, second])

    def each(i: int, now: int) -> None:
        if i in (0, 40):
            layer = second if i == 0 else first
            mixer.raise_(layer)
            layer.start(now)

    poses = run(mixer, 80, each)
    assert turn_deg(poses[39], "leftUpperArm", b) < 0.5
    assert turn_deg(poses[-1], "leftUpperArm", a) < 0.5


# -- other programs -----------------------------------------------------------------------------


def test_a_source_that_falls_silent_must_hand_over_gently() -> None:
    layer, mixer = PoseLayer("vmc", stale_ms=300), Mixer()
    mixer.add(layer)
    poses = run(
        mixer, 120,
        lambda i, now: layer.feed(sent(now, leftUpperArm=euler("z", 60))) if i < 60 else None,
    )  # fmt: skip
    assert set(poses[50].driver.values()) == {Driver.HUMAN}
    assert turn_deg(poses[50], "leftUpperArm", turned(leftUpperArm=euler("z", 60))) < 0.1
    assert poses[65].driver[Part.HEAD] is Driver.HUMAN, "held until it is stale"
    assert set(poses[-1].driver.values()) == {Driver.IDLE}
    assert steps_deg(poses).max() < 15.5


def test_parts_that_a_source_lacks_must_stay_with_those_who_have_them() -> None:
    layer = PoseLayer("vmc", weights={Part.HEAD: 1.0, Part.LEFT_ARM: 0.5})
    mixer = Mixer([layer])
    arm = turned(leftUpperArm=euler("z", 60), head=euler("y", 30))

    def each(i: int, now: int) -> None:
        whole = sent(now, leftUpperArm=euler("z", 60), head=euler("y", 30))
        layer.feed(replace(whole, driver={Part.HEAD: Driver.HUMAN} if i > 40 else whole.driver))

    poses = run(mixer, 120, each)
    assert 20.0 < turn_deg(poses[40], "leftUpperArm", arm) < 80.0, "half of the way"
    assert poses[40].driver[Part.LEFT_ARM] is Driver.IDLE, "half is not more than half"
    assert turn_deg(poses[-1], "head", arm) < 0.1
    assert turn_deg(poses[-1], "leftUpperArm", arm) > 100.0
    assert steps_deg(poses).max() < 15.5


@pytest.mark.parametrize("damage", ["nan", "shape", "zero", "inf hips", "nan face"])
def test_a_pose_that_cannot_be_shown_must_be_counted_and_never_shown(damage: str) -> None:
    good = sent(0)
    bad = {
        "nan": replace(good, rotations=good.rotations * np.float32(np.nan)),
        "shape": replace(good, rotations=good.rotations[:20]),
        "zero": replace(good, rotations=good.rotations * 0),
        "inf hips": replace(good, hips=np.array([np.inf, 0, -np.inf], np.float32)),
        "nan face": replace(good, expressions={"happy": float("nan")}),
    }[damage]
    assert fault_of(good) == "" and fault_of(bad) != ""
    polite = PoseLayer("polite")
    polite.feed(bad)
    assert polite.faults == 1

    class Rude:
        name, kind, priority = "rude", LayerKind.VMC, 30
        handing_over: Mask | None = None

        def over(self, base: AvatarPose, now: int) -> AvatarPose:
            fine = sent(now, leftUpperArm=euler("z", 60))
            return bad if 20 <= now // STEP < 30 else fine

    mixer = Mixer([Rude(), polite])
    poses = run(mixer, 60)
    assert mixer.faults == {"rude": 10}
    assert "rude: " in mixer.last_fault
    assert not any(fault_of(p) for p in poses)
    assert steps_deg(poses)[18:28].max() < 15.5, "what lies beneath comes gently"


# -- mouths and faces ---------------------------------------------------------------------------


def test_speech_must_take_the_mouth_and_give_it_back() -> None:
    performer, speech = Performer(), SpeechLayer()
    mixer = Mixer([CameraLayer(performer), speech])

    def see(i: int, now: int) -> None:
        weights = {"jawOpen": 0.6, "mouthSmileLeft": 0.6, "mouthSmileRight": 0.6}
        performer.feed(Scene(body=False, weights=weights).frame(now, i))
        if 40 <= i < 70:
            speech.say({"oh": 0.8, "tail": 1.0}, now)
        if i == 50:
            speech.say({"oh": float("nan")}, now)

    poses = run(mixer, 100, see)
    assert poses[35].expressions["jawOpen"] > 0.4 and poses[35].driver[Part.FACE] is Driver.HUMAN
    assert "jawOpen" not in poses[60].expressions
    assert poses[60].chosen == {"oh": pytest.approx(0.8)}
    assert poses[60].expressions["mouthSmileLeft"] > 0.3
    assert poses[60].driver[Part.FACE] is Driver.AI, "who has the mouth has the face's label"
    assert poses[60].driver[Part.HEAD] is Driver.HUMAN
    assert poses[-1].expressions["jawOpen"] > 0.4 and not poses[-1].chosen
    assert speech.faults == 1


def test_a_clips_face_must_say_what_it_has_tracks_for_only() -> None:
    clip = clip_of("grin", np.array([0.0, 1.0]), expressions={"happy": np.array([1.0, 1.0])})
    layer, performer = AnimationLayer(clip, loop=True, priority=50), Performer()
    mixer = Mixer([CameraLayer(performer), layer])

    def see(i: int, now: int) -> None:
        shut = 0.7 if i == 70 else 0.05
        weights = {"eyeBlinkLeft": shut, "eyeBlinkRight": shut, "jawOpen": 0.5}
        performer.feed(Scene(ARMS_OUT, weights=weights).frame(now, i))
        if i == 30:
            layer.start(now)

    poses = run(mixer, 90, see)
    assert poses[-1].chosen == {"happy": pytest.approx(1.0)}
    assert max(p.expressions["eyeBlinkLeft"] for p in poses[69:75]) > 0.5, "blinks go on"
    assert poses[-1].expressions["jawOpen"] > 0.3
    assert np.array_equal(poses[-1].rotations, performer.pose(90 * STEP).rotations)


def test_a_mirrored_performer_must_not_mirror_the_animation_beneath() -> None:
    up = turned(rightUpperArm=euler("z", -80))
    layer = AnimationLayer(still(up, {Part.RIGHT_ARM}), loop=True)
    performer = Performer(mirrored=True)
    mixer = Mixer([layer, CameraLayer(performer, weights={Part.HEAD: 1.0, Part.LEFT_ARM: 1.0})])

    def see(i: int, now: int) -> None:
        if i == 0:
            layer.start(now)
        performer.feed(Scene(turned(rightUpperArm=euler("z", 50))).frame(now, i))

    last = run(mixer, 60, see)[-1]
    assert turn_deg(last, "rightUpperArm", up) < 1.0
    assert placed(last)["leftHand"][1] < placed(last)["leftUpperArm"][1], "the performer's right"
    assert last.driver[Part.LEFT_ARM] is Driver.HUMAN
    assert last.driver[Part.RIGHT_ARM] is Driver.REPLAY


def test_hidden_layers_must_give_the_very_pose_they_were_given() -> None:
    base = Idle().pose(0)
    hidden: list[Layer] = [
        PoseLayer("vmc"), SpeechLayer(), AnimationLayer(still(ARMS_OUT)),
        ExpressionLayer([ExpressionCue("happy", "happy")]), CameraLayer(Performer()),
    ]  # fmt: skip
    for layer in hidden:
        assert layer.over(base, STEP) is base


def test_no_layer_may_lie_under_the_idle_performance() -> None:
    with pytest.raises(ValueError, match="idle"):
        Mixer([PoseLayer("low", priority=0)])
