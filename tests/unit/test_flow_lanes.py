"""The two lanes: a slot that forgets, a queue that is bounded."""

from __future__ import annotations

import threading
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from flow.lanes import Latest, PacketQueue
from flow.media import Packet

BASE = Fraction(1, 30)


def picture(n: int, *, key: bool = False, size: int = 100) -> Packet:
    return Packet("video", bytes(size), n, n, BASE, keyframe=key, droppable=not key)


def sound(n: int) -> Packet:
    return Packet("audio", bytes(10), n, n, BASE, keyframe=True, droppable=False)


def test_latest_must_give_the_newest_value_once() -> None:
    lane: Latest[int] = Latest()
    lane.put(1)
    lane.put(2)
    assert lane.take() == 2
    assert lane.take() is None
    assert lane.overwritten == 1


def test_latest_must_wake_a_waiting_reader() -> None:
    lane: Latest[str] = Latest()
    threading.Timer(0.02, lane.put, ["here"]).start()
    assert lane.take(timeout_s=5.0) == "here"


def test_a_full_queue_must_lose_pictures_until_the_next_key_frame() -> None:
    queue = PacketQueue(limit_packets=3)
    for n in range(5):
        queue.put(picture(n, key=n == 0))
    queue.take()
    queue.put(picture(5))
    assert queue.dropped == 3, "a delta after a lost delta cannot be decoded, so it is lost too"
    queue.put(picture(6, key=True))
    queue.put(picture(7))
    assert [p.pts for p in drain(queue)] == [1, 2, 6]
    assert queue.dropped == 4


def drain(queue: PacketQueue) -> list[Packet]:
    out = []
    while (packet := queue.take()) is not None:
        out.append(packet)
    return out


@given(st.lists(st.sampled_from("KDSR"), max_size=300))
def test_no_reader_must_ever_see_a_delta_whose_predecessor_was_lost(script: str) -> None:
    queue, seen = PacketQueue(limit_packets=5, limit_bytes=4000), []
    sounds = 0
    for n, letter in enumerate(script):
        if letter == "R":
            packet = queue.take()
            if packet is not None:
                seen.append(packet)
        elif letter == "S":
            queue.put(sound(n))
            sounds += 1
        else:
            queue.put(picture(n, key=letter == "K"))
    seen += drain(queue)
    pictures = [p for p in seen if p.track == "video"]
    offered = [n for n, letter in enumerate(script) if letter in "KD"]
    for packet in pictures:
        if packet.keyframe:
            continue
        index = offered.index(packet.pts)
        if index:
            before = offered[index - 1]
            assert any(p.pts == before for p in pictures), "decoding would break here"
    assert [p.pts for p in seen] == sorted(p.pts for p in seen)


def test_a_reader_that_stays_away_must_cost_bounded_memory() -> None:
    queue = PacketQueue(limit_packets=10_000, limit_bytes=50_000)
    for n in range(2000):
        queue.put(picture(n, key=n % 60 == 0))
    assert queue.buffered_bytes <= 60_000
    first = queue.take()
    assert first is not None
    assert first.keyframe


def test_a_closed_queue_must_still_give_what_is_inside() -> None:
    queue = PacketQueue()
    queue.put(picture(0, key=True))
    queue.close()
    queue.put(picture(1))
    assert [p.pts for p in drain(queue)] == [0]
