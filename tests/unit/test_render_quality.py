"""Giving up quality, and taking it back."""

from __future__ import annotations

from render.quality import CALM, PATIENCE, Governor, Quality


def feed(governor: Governor, cost_ms: float, count: int) -> int:
    return sum(governor.observe(cost_ms) for _ in range(count))


def test_a_machine_that_keeps_up_must_give_nothing_up() -> None:
    governor = Governor(Quality())
    assert feed(governor, 20.0, 500) == 0
    assert governor.quality == Quality()
    assert governor.sentences == []


def test_steps_must_fall_in_order_and_be_told() -> None:
    governor = Governor(Quality())
    seen = []
    for _ in range(6):
        feed(governor, 60.0, PATIENCE)
        quality = governor.quality
        seen.append((quality.supersample, quality.outline, quality.shadow))
    assert seen == [
        (1.25, True, True),
        (1.0, True, True),
        (1.0, False, True),
        (0.75, False, True),
        (0.75, False, False),
        (0.75, False, False),
    ]
    assert len(governor.sentences) == 5


def test_steps_that_change_nothing_must_be_skipped() -> None:
    governor = Governor(Quality(supersample=1.0))
    feed(governor, 60.0, PATIENCE)
    assert governor.quality.outline is False
    assert governor.sentences == ["outline left out"]


def test_one_slow_picture_must_cost_no_quality() -> None:
    governor = Governor(Quality())
    for _ in range(30):
        feed(governor, 15.0, PATIENCE - 2)
        assert not governor.observe(400.0)


def test_quality_must_come_back_when_pictures_are_cheap() -> None:
    governor = Governor(Quality())
    feed(governor, 60.0, 2 * PATIENCE)
    assert governor.quality.supersample == 1.0
    feed(governor, 5.0, 2 * (CALM + PATIENCE))
    assert governor.quality == Quality()


def test_a_step_taken_back_too_soon_must_wait_longer_next_time() -> None:
    governor = Governor(Quality())
    feed(governor, 60.0, PATIENCE)
    feed(governor, 5.0, CALM)
    assert governor.quality == Quality()
    feed(governor, 60.0, PATIENCE)
    assert feed(governor, 5.0, CALM + PATIENCE) == 0, "as soon as the first time"
    assert feed(governor, 5.0, CALM) == 1


def test_fixed_quality_must_stay() -> None:
    governor = Governor(Quality(adaptive=False))
    assert feed(governor, 500.0, 200) == 0
