"""Makes the README's pictures: the built-in host on the built-in stage, and who she is.

make pictures        (or: .venv/bin/python -m tools.pictures)
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

import assets
from avatar.perform.performer import Performer
from avatar.read.load import load_avatar
from capture.take_file import TakeReader
from flow.clock import NS_PER_S
from flow.pose import AvatarPose
from flow.spec import U8
from host.easel import Easel
from host.portrait import portrait

OUT = Path(__file__).resolve().parents[1] / "docs" / "pictures"
SIZE = (1280, 720)
SHOTS = ("medium", "wide", "close")


def performance() -> list[AvatarPose]:
    """The built-in performance, one pose a frame."""
    performer = Performer()
    with TakeReader(assets.locate("takes", "greeting")) as take:
        frames = list(take)
    start = frames[0].captured
    poses = []
    for frame in frames:
        performer.feed(frame)
        poses.append(performer.pose(frame.captured))
    assert (frames[-1].captured - start) > NS_PER_S
    return poses


def stage_pictures(moments: dict[str, int]) -> dict[str, U8]:
    """One picture a shot, at the given frame of the performance."""
    shots = {moment: shot for shot, moment in moments.items()}
    pictures: dict[str, U8] = {}
    with Easel(SIZE) as easel:
        for number, pose in enumerate(performance()):
            shot = shots.get(number)
            if shot:
                easel.director.cut_to(shot)
            frame = easel.frame(number, pose)
            if shot:
                pictures[shot] = easel.renderer.picture(frame)[..., :3].copy()
    return pictures


def main() -> int:
    """Draw everything into docs/pictures."""
    OUT.mkdir(parents=True, exist_ok=True)
    pictures = stage_pictures({"medium": 60, "wide": 150, "close": 240})
    for name in SHOTS:
        Image.fromarray(pictures[name]).save(OUT / f"stage-{name}.jpg", quality=88)
    strip = np.hstack([pictures[n][::2, ::2] for n in SHOTS])
    Image.fromarray(strip).save(OUT / "shots.jpg", quality=88)
    portrait(load_avatar(assets.locate("avatars", "mira")), OUT / "mira.png")
    sys.stdout.write(f"Pictures in {OUT}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
