"""The parts that can be measured alone. Each returns stage name -> summary of `flow.meter.Series`.

A part runs as it runs in a show: same objects, same settings, same sizes; only the waiting between
pictures is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import assets
from flow.clock import NS_PER_S, Clock
from flow.meter import Meter, Series
from flow.motion import MotionFrame
from flow.pose import AvatarPose

if TYPE_CHECKING:
    from host.easel import Easel

FRAMES = 300
PERIOD_NS = NS_PER_S // 30
WIDTH, HEIGHT = 1280, 720
ALONE, FOUR = "avatar", "avatar x4"
"""The whole update of the avatar of `host.bench.body`, of one and of four."""
LOADS = 3
WARM_UP_PICTURES = 5
"""The first pictures make plates and caches; they are not counted."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What all parts share."""

    clock: Clock
    video: Path | None
    avatar: str
    backend: Any
    seconds: float


Stages = dict[str, dict[str, Any]]


def greeting() -> list[MotionFrame]:
    """The built-in performance, `FRAMES` long."""
    from capture.take_file import TakeReader

    with TakeReader(assets.locate("takes", "greeting")) as take:
        frames = list(take)
    return (frames * (FRAMES // len(frames) + 1))[:FRAMES]


def poses() -> list[AvatarPose]:
    """The built-in performance, solved."""
    from avatar.perform.performer import Performer

    performer = Performer()
    out = []
    for number, frame in enumerate(greeting()):
        performer.feed(_at(frame, number))
        out.append(performer.pose((number + 1) * PERIOD_NS))
    return out


def _at(frame: MotionFrame, number: int) -> MotionFrame:
    return replace(frame, seq=number, captured=number * PERIOD_NS)


def capture(setting: Setting) -> Stages:
    """The capture process on the video, in real time: CPU of the whole process per picture."""
    from capture.process import CaptureProcess, CaptureSettings

    if setting.video is None:
        return {}
    source = CaptureProcess(CaptureSettings(source=f"file:{setting.video}"), setting.clock)
    source.start()
    ages: list[int] = []
    first = 0
    try:
        end = setting.clock.now() + int((setting.seconds + 8) * NS_PER_S)
        while setting.clock.now() < end:
            frame = source.poll()
            now = setting.clock.now()
            if frame is not None:
                first = first or now
                ages.append(now - frame.captured)
            if first and now - first > setting.seconds * NS_PER_S:
                break
            setting.clock.sleep_until(now + 1_000_000)
        numbers = source.status().numbers or {}
    finally:
        source.stop()
    meter = Meter()
    series = meter.series("capture")
    for age in ages[len(ages) // 10 :]:
        series.add(age)
    summary = series.summary()
    summary["cpu_ms"] = round(numbers.get("cpu_ms_per_frame", 0.0), 3)
    summary["hz"] = {k: round(v, 1) for k, v in numbers.items() if k.endswith("_hz")}
    return {"capture": summary}


def solve(setting: Setting) -> Stages:
    """Motion to pose."""
    from avatar.perform.performer import Performer

    del setting
    meter, performer = Meter(), Performer()
    for number, frame in enumerate(greeting()):
        moved = _at(frame, number)
        with meter.measure("solve"):
            performer.feed(moved)
            performer.pose((number + 1) * PERIOD_NS)
    return meter.summary()


def rig(setting: Setting) -> Stages:
    """Pose to node transforms and morph weights, springs apart; then the avatar made for it.

    One thread: the products are far too small for BLAS to share them out. Single updates and
    rounds of four take turns, so that whatever else the machine does weighs on both alike.
    """
    from avatar.read.load import load_avatar
    from avatar.rig.runtime import Runtime
    from host.bench.body import bench_avatar

    meter = Meter()
    runtime = Runtime(load_avatar(assets.locate("avatars", setting.avatar)), meter=meter)
    alone, four = Runtime(bench_avatar()), [Runtime(bench_avatar()) for _ in range(4)]
    cpu = {name: Series() for name in (ALONE, FOUR)}
    for pose in poses():
        runtime.update(pose, 1 / 30)
        for name, avatars in ((ALONE, [alone]), (FOUR, four)):
            before = meter.series(name).cpu_ns
            with meter.measure(name):
                for each in avatars:
                    each.update(pose, 1 / 30)
            cpu[name].add(meter.series(name).cpu_ns - before)
    stages: Stages = meter.summary()
    for name, series in cpu.items():
        stages[name]["cpu_spread_ms"] = series.summary()["wall_ms"]
    times = cpu[FOUR].percentile_ms(50) / cpu[ALONE].percentile_ms(50)
    stages[FOUR]["times_alone"] = round(times, 2)
    return stages


def draw(setting: Setting) -> Stages:
    """Node transforms to a picture in the encoder's format."""
    meter = Meter()
    with _easel(setting, meter) as easel:
        for number, pose in enumerate(poses()):
            if number == WARM_UP_PICTURES:
                meter.stages.clear()
            frame = easel.frame(number, pose)
            with meter.measure("picture"):
                easel.renderer.draw(frame)
    return meter.summary()


def encode(setting: Setting) -> Stages:
    """Pictures to packets, on pictures of a real show."""
    from stream.settings import EncodeSettings
    from stream.video_encoder import VideoEncoder

    meter = Meter()
    encoder = VideoEncoder(EncodeSettings(width=WIDTH, height=HEIGHT, fps=30), meter)
    with _easel(setting, Meter()) as easel:
        for number, pose in enumerate(poses()):
            encoder.encode(easel.renderer.draw(easel.frame(number, pose)))
    encoder.flush()
    return meter.summary()


def load(setting: Setting) -> Stages:
    """A heavy avatar from file to renderer: decoded, and again from the shelf."""
    import tempfile

    from avatar.read.cache import Shelf
    from host.bench.heavy import write_heavy
    from render.engine import open_renderer

    meter = Meter()
    with tempfile.TemporaryDirectory(prefix="mirrorstage-load-") as folder:
        path = write_heavy(Path(folder) / "heavy.vrm")
        shelf = Shelf(Path(folder) / "shelf")
        renderer = open_renderer(WIDTH, HEIGHT, backend=setting.backend, clock=setting.clock)
        try:
            for round_ in range(LOADS):
                shelf.clear()
                for name in ("load first", "load again"):
                    with meter.measure(name):
                        body = shelf.load(path)
                        renderer.add_avatar(f"{name} {round_}", body.model)
        finally:
            renderer.close()
    return meter.summary()


def _easel(setting: Setting, meter: Meter) -> Easel:
    from host.easel import Easel

    easel = Easel(
        (WIDTH, HEIGHT),
        avatar=setting.avatar,
        backend=setting.backend,
        meter=meter,
        clock=setting.clock,
    )
    easel.director.cut_to("medium")
    return easel


PARTS: dict[str, Callable[[Setting], Stages]] = {
    "capture": capture,
    "solve": solve,
    "rig": rig,
    "load": load,
    "draw": draw,
    "encode": encode,
}
"""In the order of a movement's journey. "rig" measures rig and springs, and the avatar made for the
bench; "draw" measures skin, draw, readback, convert and the whole picture."""
