"""Does the host follow the person? A sheet of moments of a clip, each beside the picture of it.

.venv/bin/python -m tools.review CLIP.mp4 OUT.png [--moments 8] [--shot medium] [--avatar mira]

The clip is tracked picture by picture (nothing is skipped), so both halves show the same moment.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

import assets
from avatar.load import load_avatar
from avatar.performer import Performer
from avatar.runtime import Runtime
from capture.take_file import TakeReader
from flow.motion import MotionFrame
from flow.spec import U8
from flow.stage import StageFrame
from host.cli import main as mirrorstage
from host.session import model_height_m
from render.engine import open_renderer
from scenes.director import Director
from scenes.stage import load_stage

PANEL = (640, 360)
COLUMNS = 2


def track(clip: Path) -> list[MotionFrame]:
    """The whole clip as motion."""
    with tempfile.TemporaryDirectory() as folder:
        take = Path(folder, "clip.take")
        if mirrorstage(["take", "record", "--source", f"file:{clip}", "-o", str(take)]):
            raise SystemExit(1)
        with TakeReader(take) as reader:
            return list(reader)


def beside(source: U8, drawn: U8) -> U8:
    """Both pictures, letterboxed to one panel each (BGR)."""
    width, height = PANEL
    scale = min(width / source.shape[1], height / source.shape[0])
    small = cv2.resize(source, (round(source.shape[1] * scale), round(source.shape[0] * scale)))
    panel = np.zeros((height, width, 3), np.uint8)
    top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    panel[top : top + small.shape[0], left : left + small.shape[1]] = small
    return np.hstack([panel, drawn])


def review(clip: Path, moments: int, shot_name: str, avatar: str) -> U8:
    """The sheet (BGR)."""
    frames = track(clip)
    wanted = set(np.linspace(len(frames) // 8, len(frames) - 1, moments).astype(int).tolist())
    body = load_avatar(assets.locate("avatars", avatar))
    place = load_stage(assets.locate("stages", "studio"))
    runtime, performer = Runtime(body), Performer()
    head = body.humanoid.node("head")
    director = Director(place, host_height_m=model_height_m(body.model), aspect=PANEL[0] / PANEL[1])
    director.cut_to(shot_name)
    renderer = open_renderer(*PANEL)
    renderer.set_stage(place.model, place.background)
    renderer.add_avatar("host", body.model)
    pictures = cv2.VideoCapture(str(clip))
    period_s = 1 / (pictures.get(cv2.CAP_PROP_FPS) or 30)
    rows: list[U8] = []
    for number, frame in enumerate(frames):
        performer.feed(frame)
        rig = runtime.update(performer.pose(frame.captured), period_s)
        read, source = pictures.read()
        if number in wanted and read:
            shot = director.shot(frame.captured, rig.world[head, :3, 3])
            moment = StageFrame(number, 0, 0, {"host": rig}, shot, place.light)
            drawn = renderer.picture(moment)[..., 2::-1]
            rows.append(beside(source, np.ascontiguousarray(drawn)))
    renderer.close()
    rows += [np.zeros_like(rows[0])] * (-len(rows) % COLUMNS)
    return np.vstack([np.hstack(rows[i : i + COLUMNS]) for i in range(0, len(rows), COLUMNS)])


def main() -> int:
    """Make the sheet."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--moments", type=int, default=8)
    parser.add_argument("--shot", default="medium")
    parser.add_argument("--avatar", default="mira")
    arguments = parser.parse_args()
    sheet = review(arguments.clip, arguments.moments, arguments.shot, arguments.avatar)
    cv2.imwrite(str(arguments.out), sheet)
    sys.stdout.write(f"{arguments.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
