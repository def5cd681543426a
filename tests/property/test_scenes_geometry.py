"""Axioms of places: anchors stand, moves go one way, framing keeps the aim."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scenes.geometry import ease, standing
from scenes.shot import MAX_FOV_DEG, ShotSpec, framed_for

metres = st.floats(-20.0, 20.0, width=32)
points = st.tuples(metres, metres, metres)


@given(points, st.floats(-360, 360))
def test_an_anchor_must_stand_upright(at: tuple[float, float, float], yaw_deg: float) -> None:
    frame = standing(at, yaw_deg)
    assert np.allclose(frame[:3, 1], [0, 1, 0], atol=1e-6)
    assert np.allclose(frame[:3, :3].T @ frame[:3, :3], np.eye(3), atol=1e-5)


@given(st.floats(-1, 2), st.floats(-1, 2))
def test_easing_must_go_one_way_from_0_to_1(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert 0.0 <= ease(low) <= ease(high) + 1e-12 <= 1.0 + 1e-12
    assert ease(0.0) == 0.0
    assert ease(1.0) == 1.0


@given(
    st.floats(0.4, 3.0), st.floats(0.3, 4.0), st.floats(0.3, 1.9), st.floats(0.6, 6.0),
    st.floats(10.0, 60.0),
)  # fmt: skip
def test_framing_must_stay_finite_and_never_show_less_of_the_host(
    height: float, aspect: float, aim: float, away: float, fov: float
) -> None:
    spec = ShotSpec("any", (0.0, aim + 0.1, away), (0.0, aim, 0.0), fov)
    wide, here = framed_for(spec, 16 / 9, height), framed_for(spec, aspect, height)
    assert all(map(math.isfinite, (*here.eye, *here.target, here.fov_deg)))
    assert 0.0 < here.fov_deg <= MAX_FOV_DEG
    if aspect <= 16 / 9:
        assert here.fov_deg >= wide.fov_deg - 1e-9
    assert math.isclose(math.dist(here.eye, here.target), math.dist(wide.eye, wide.target))
