"""The avatar that the bench measures: as heavy as the bench says, and really moving."""

from __future__ import annotations

import numpy as np
import pytest

from avatar.rig.avatar import Avatar
from avatar.rig.runtime import Runtime
from flow.motion import ARKIT_NAMES
from flow.pose import HUMAN_BONES, PRESET_EXPRESSIONS
from host.bench.body import MORPHS, bench_avatar
from host.bench.parts import poses


@pytest.fixture(scope="module")
def body() -> Avatar:
    return bench_avatar()


def test_the_avatar_must_have_every_kind_of_moving_part(body: Avatar) -> None:
    assert body.humanoid.bones == HUMAN_BONES
    assert set(body.expressions) == {*ARKIT_NAMES, *PRESET_EXPRESSIONS}
    assert len(body.model.morph_names) == MORPHS == 60
    assert {c.kind for c in body.constraints} == {"roll", "aim", "rotation"}
    assert len(body.springs.joints) == 100
    kinds = {(c.shape, c.inside) for c in body.springs.colliders}
    assert len(body.springs.colliders) == 20
    assert {("sphere", True), ("capsule", True), ("plane", False)} <= kinds
    assert all(len(j.colliders) >= 9 for j in body.springs.joints)
    swinging = {j.node for j in body.springs.joints}
    roots = [n for n in swinging if int(body.model.parents[n]) not in swinging]
    assert len(roots) == 21, "chains, not bushes"


def test_its_joints_must_swing_and_lie_against_colliders(body: Avatar) -> None:
    runtime = Runtime(body)
    nodes = [j.node for j in body.springs.joints]
    head = body.humanoid.node("head")
    hair = [n for n in nodes if body.model.node_names[n].startswith("hair")]
    tails = [body.model.node_names.index(body.model.node_names[n][:-1] + "1") for n in hair[::5]]
    paths = []
    for pose in poses()[:90]:
        world = runtime.update(pose, 1 / 30).world
        assert np.isfinite(world).all()
        paths.append(world[nodes, :3, 3].copy())
        ball = world[head] @ np.array([0.0, 0.08, 0.0, 1.0], np.float32)
        away = np.linalg.norm(world[tails, :3, 3] - ball[:3], axis=1)
        assert away.min() > 0.095 + 0.015 - 1e-4
    assert np.ptp(np.array(paths), axis=0).max(axis=-1).min() > 1e-3
