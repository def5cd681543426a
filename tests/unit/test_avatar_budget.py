"""What a file may take is asked for, lent, given back and never exceeded."""

from __future__ import annotations

import threading

import pytest

from avatar.read.budget import Budget
from avatar.read.jsonat import At
from flow.errors import AssetError

HERE = At(None, "meshes[3]")
MB = 1 << 20


def test_what_is_kept_must_not_exceed_twice_the_file_and_the_room() -> None:
    budget = Budget(10 * MB, room=30 * MB)
    budget.keep(50 * MB, HERE)
    with pytest.raises(AssetError, match=r"meshes\[3\] brings the model over 50 MB") as caught:
        budget.keep(1, HERE)
    assert caught.value.code == "asset.large"
    budget.give_back(20 * MB)
    budget.keep(20 * MB, HERE)
    budget.grow(5 * MB)
    budget.keep(10 * MB, HERE)


def test_what_is_worked_on_must_count_threefold() -> None:
    budget = Budget(room=30 * MB)
    budget.check(10 * MB, HERE)
    with pytest.raises(AssetError):
        budget.check(10 * MB + 1, HERE)


def test_work_without_end_must_be_refused() -> None:
    budget = Budget(room=1 << 40)
    with pytest.raises(AssetError, match="more work than any avatar"):
        for _ in range(100):
            budget.check(64 * MB, HERE)


def test_what_is_lent_must_be_waited_for() -> None:
    budget = Budget(room=10 * MB)
    lent, done = threading.Event(), threading.Event()

    def other() -> None:
        with budget.lend(8 * MB, HERE):
            lent.set()
            done.wait(10)

    thread = threading.Thread(target=other)
    thread.start()
    lent.wait(10)
    order: list[str] = []

    def large() -> None:
        with budget.lend(8 * MB, HERE):
            order.append("lent")

    second = threading.Thread(target=large)
    second.start()
    order.append("waits")
    done.set()
    thread.join(10)
    second.join(10)
    assert order == ["waits", "lent"]
    with pytest.raises(AssetError), budget.lend(11 * MB, HERE):
        pass
    budget.keep(10 * MB, HERE)


def test_what_was_lent_must_come_back_when_the_work_fails() -> None:
    budget = Budget(room=10 * MB)
    with pytest.raises(ZeroDivisionError), budget.lend(10 * MB, HERE):
        raise ZeroDivisionError
    budget.keep(10 * MB, HERE)
