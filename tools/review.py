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

from avatar.perform.performer import Performer
from capture.take_file import TakeReader
from flow.motion import MotionFrame
from flow.spec import U8
from host.cli import main as mirrorstage
from host.easel import Easel

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
    pictures = cv2.VideoCapture(str(clip))
    fps = pictures.get(cv2.CAP_PROP_FPS) or 30.0
    performer = Performer()
    rows: list[U8] = []
    with Easel(PANEL, avatar=avatar, fps=fps) as easel:
        easel.director.cut_to(shot_name)
        for number, frame in enumerate(frames):
            performer.feed(frame)
            moment = easel.frame(number, performer.pose(frame.captured))
            read, source = pictures.read()
            if number in wanted and read:
                drawn = easel.renderer.picture(moment)[..., 2::-1]
                rows.append(beside(source, np.ascontiguousarray(drawn)))
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
