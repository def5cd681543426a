"""The vocabulary: bones, specs, errors, clocks, meters."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from flow.clock import NS_PER_S, ManualClock, MonotonicClock
from flow.errors import ConnectError, LicenceError, MirrorstageError
from flow.meter import Meter
from flow.motion import ARKIT_NAMES, FaceSample
from flow.pose import BONE_PARENTS, HUMAN_BONES, REQUIRED_BONES, Part, part_of_bone, t_pose
from flow.spec import faults


def test_the_humanoid_must_be_vrms_55_bones_in_one_tree() -> None:
    assert len(HUMAN_BONES) == len(set(HUMAN_BONES)) == 55
    for bone in HUMAN_BONES:
        seen, here = set(), bone
        while (parent := BONE_PARENTS[here]) is not None:
            assert parent not in seen
            seen.add(parent)
            here = parent
        assert here == "hips"
    assert len(REQUIRED_BONES) == 15


def test_every_bone_must_belong_to_a_part() -> None:
    parts = {part_of_bone(bone) for bone in HUMAN_BONES}
    assert parts == set(Part)
    assert part_of_bone("leftThumbDistal") is Part.LEFT_HAND
    assert part_of_bone("rightShoulder") is Part.RIGHT_ARM


def test_there_must_be_52_arkit_names_in_alphabetical_order_by_stem() -> None:
    assert len(set(ARKIT_NAMES)) == 52
    assert ARKIT_NAMES[-1] == "tongueOut"


def test_specs_must_name_the_wrong_field() -> None:
    face = FaceSample(
        np.zeros((477, 3), np.float32), np.full(52, np.nan, np.float32), np.eye(4, dtype=np.float64)
    )
    found = faults(face)
    assert [f.split(":")[0] for f in found] == ["points", "weights", "camera_from_head"]
    assert faults(t_pose()) == []


@pytest.mark.parametrize("kind", [MirrorstageError, ConnectError, LicenceError])
def test_errors_must_cross_a_process_border_whole(kind: type[MirrorstageError]) -> None:
    error = kind("What happened.", code="a.b", hint="Do this.", retryable=True)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert copy.as_dict() == error.as_dict()
    assert str(copy) == "What happened. Do this."


def test_every_error_class_must_have_its_own_default_code() -> None:
    def all_kinds(kind: type[MirrorstageError]) -> list[type[MirrorstageError]]:
        return [kind, *(k for sub in kind.__subclasses__() for k in all_kinds(sub))]

    kinds = all_kinds(MirrorstageError)
    codes = [k("x").code for k in kinds]
    assert len(set(codes)) == len(kinds)


def test_the_manual_clock_must_jump_instead_of_sleeping() -> None:
    clock = ManualClock()
    clock.sleep_until(3600 * NS_PER_S)
    assert clock.now() == 3600 * NS_PER_S
    clock.sleep_until(0)
    assert clock.now() == 3600 * NS_PER_S


def test_the_monotonic_clock_must_wait_until_due() -> None:
    clock = MonotonicClock()
    due = clock.now() + 5_000_000
    clock.sleep_until(due)
    assert clock.now() >= due


def test_the_meter_must_give_percentiles_of_what_it_saw() -> None:
    meter = Meter()
    for ms in range(1, 101):
        meter.series("x").add(ms * 1_000_000, 500_000)
    summary = meter.summary()["x"]
    assert summary["cpu_ms"] == 0.5
    assert summary["wall_ms"] == {"p50": 50.5, "p95": pytest.approx(95.05)}
    with meter.measure("y"):
        pass
    assert meter.series("y").count == 1
