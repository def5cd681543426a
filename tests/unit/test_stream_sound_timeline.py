from __future__ import annotations

import numpy as np
import pytest

from stream.sound_timeline import MAX_STRETCH, SoundTimeline, stretch

RATE = 48_000


def block(count: int = 960, value: float = 0.25) -> np.ndarray:
    return np.full((count, 2), value, np.float32)


def test_must_pass_sound_on_untouched_when_it_is_on_time() -> None:
    line = SoundTimeline(RATE, 2)
    for n in range(10):
        samples = block(value=n / 10)
        assert line.add(n * 960, samples) is samples


def test_must_put_silence_where_sound_is_missing() -> None:
    line = SoundTimeline(RATE, 2)
    line.add(0, block())
    out = line.add(0 + 960 + 9600, block())
    assert len(out) == 9600 + 960
    assert not out[:9600].any()
    assert (out[9600:] == np.float32(0.25)).all()
    assert (line.written, line.silence) == (960 + 9600 + 960, 9600)


def test_must_cut_sound_that_comes_twice() -> None:
    line = SoundTimeline(RATE, 2)
    for n in range(10):
        line.add(n * 960, block())
    assert len(line.add(0, block())) == 0
    assert len(line.add(9600 - 4800, block(9600))) == 4800
    assert line.written == 9600 + 4800


def test_must_cut_what_was_born_before_the_show() -> None:
    line = SoundTimeline(RATE, 2)
    assert len(line.add(-9600, block(4800))) == 0
    assert len(line.add(-4800, block(9600))) == 4800


@pytest.mark.parametrize("ppm", [-500, 100, 2000])
def test_must_follow_a_clock_that_drifts_for_ten_minutes(ppm: int) -> None:
    line = SoundTimeline(RATE, 2)
    samples = block()
    worst = 0.0
    for n in range(600 * 50):
        born = round(n * 960 * (1 + ppm * 1e-6))
        line.add(born, samples)
        worst = max(worst, abs(born + 960 - line.written))
    assert worst < 0.02 * RATE
    assert line.silence == 0
    assert line.cut == 0


def test_must_not_mistake_jitter_for_drift() -> None:
    line = SoundTimeline(RATE, 2)
    jitter = np.random.default_rng(3).normal(0.0, 0.004 * RATE, 3000)
    changed = sum(len(line.add(round(n * 960 + jitter[n]), block())) != 960 for n in range(3000))
    assert changed < 30


def test_must_never_stretch_beyond_what_can_be_heard() -> None:
    line = SoundTimeline(RATE, 2)
    for n in range(200):
        out = line.add(n * 960 + 2400, block())
        assert abs(len(out) - 960) <= np.ceil(MAX_STRETCH * 960)


def test_must_keep_the_ends_of_what_it_stretches() -> None:
    ramp = np.linspace(-1, 1, 960, dtype=np.float32)[:, None].repeat(2, 1)
    out = stretch(ramp, 963)
    assert out.shape == (963, 2)
    assert np.allclose(out[[0, -1]], ramp[[0, -1]])
    assert np.all(np.diff(out[:, 0]) > 0)
