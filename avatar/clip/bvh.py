"""BVH files (Biovision hierarchy) to recorded motion.

The text is a tree of joints with offsets and channels, then one line of numbers a frame. Writers
disagree about nearly everything: line ends, words in other cases, any order of rotations, position
channels on every joint (which then replace the offset), names with spaces. Rotations are applied
in the order of their channels, the first outermost. Nothing is allocated because a file claims it.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from avatar import quat
from avatar.clip.clip import MOST_KEYS, Clip
from avatar.clip.mocap import Mocap
from avatar.clip.retarget import retarget
from avatar.quat import F64
from avatar.rig.avatar import Problem
from flow.errors import AssetError
from flow.spec import F32

MOST_JOINTS = 2000
MOST_FILE_BYTES = 256 << 20
_MOST_DEPTH = 200
_MOST_CHANNELS = 6
_LARGEST = 1e7
_CHUNK = 8 << 20
_AXES = "XYZ"
_USUAL_S = 1.0 / 30.0
_SLOWEST_S, _QUICKEST_S = 10.0, 1e-4
_DAMAGED = "The file is damaged or was written by a faulty exporter: export it again."
_NUMBER = re.compile(rb"[-+0-9.eE \t\r\n]*")


@dataclass(slots=True)
class _Tree:
    """The HIERARCHY section."""

    names: list[str] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    offsets: list[list[float]] = field(default_factory=list)
    channels: list[list[str]] = field(default_factory=list)
    ends: dict[int, list[float]] = field(default_factory=dict)


def looks_like_bvh(data: bytes) -> bool:
    """Whether a file begins as a BVH does."""
    return data.lstrip(b"\xef\xbb\xbf \t\r\n")[:9].upper() == b"HIERARCHY"


def read_bvh(path: Path, *, place: bool = True) -> Clip:
    """A BVH file as a clip; `place` as in `retarget`.

    Raises:
        AssetError: not a BVH, damaged, without frames, or a skeleton whose names mean nothing.
    """
    size = path.stat().st_size
    if size > MOST_FILE_BYTES:
        raise AssetError(
            f"The file is {size >> 20} MB; BVH files up to {MOST_FILE_BYTES >> 20} MB are read.",
            code="asset.large",
            hint="Cut it into pieces.",
        )
    return retarget(parse_bvh(path.read_bytes()), path.stem, place=place)


def parse_bvh(data: bytes) -> Mocap:
    """The recorded motion in the bytes of a BVH file."""
    if not looks_like_bvh(data):
        raise _fault("The file is not a BVH: it does not begin with HIERARCHY", code="asset.format")
    motion = re.search(rb"(?i)(?:^|[\r\n])[ \t]*MOTION\b", data)
    if motion is None:
        raise _fault("The file has no MOTION section", code="asset.truncated")
    tree = _hierarchy(data[: motion.start()].decode("latin-1"))
    problems: list[Problem] = []
    values, step_s = _frames(data, motion.end(), sum(map(len, tree.channels)), problems)
    return _mocap(tree, values, step_s, tuple(problems))


def _hierarchy(text: str) -> _Tree:
    tree, stack, end = _Tree(), list[int](), False
    spaced = text.replace("{", "\n{\n").replace("}", "\n}\n")
    for words in filter(None, map(str.split, re.split(r"[\r\n]+", spaced))):
        word = words[0].upper()
        if word in ("ROOT", "JOINT"):
            _grow(tree, " ".join(words[1:]), stack)
            end = False
        elif word == "END":
            end = True
        elif word == "{":
            if not tree.names:
                raise _fault("The HIERARCHY opens a bracket before its ROOT")
            stack.append(stack[-1] if end and stack else len(tree.names) - 1)
        elif word == "}":
            if not stack:
                raise _fault("The HIERARCHY closes more brackets than it opens")
            stack.pop()
            end = False
        elif word in ("OFFSET", "CHANNELS"):
            _describe(tree, words, stack, end=end)
    if not tree.names:
        raise _fault("The HIERARCHY has no ROOT")
    if stack:
        raise _fault("The HIERARCHY ends inside a joint", code="asset.truncated")
    return tree


def _grow(tree: _Tree, name: str, stack: list[int]) -> None:
    if len(tree.names) >= MOST_JOINTS or len(stack) >= _MOST_DEPTH:
        raise _fault(f"The skeleton has more than {MOST_JOINTS} joints", code="asset.large")
    tree.names.append(name[:200] or f"joint_{len(tree.names)}")
    tree.parents.append(stack[-1] if stack else -1)
    tree.offsets.append([0.0, 0.0, 0.0])
    tree.channels.append([])


def _describe(tree: _Tree, words: list[str], stack: list[int], *, end: bool) -> None:
    if not stack:
        raise _fault(f"{words[0][:20]} stands outside the skeleton")
    joint = stack[-1]
    if words[0].upper() == "CHANNELS":
        tree.channels[joint] = _channels(words[1:], tree.names[joint])
    elif end:
        tree.ends[joint] = _offset(words[1:4], tree.names[joint])
    else:
        tree.offsets[joint] = _offset(words[1:4], tree.names[joint])


def _offset(words: list[str], joint: str) -> list[float]:
    try:
        offset = [float(w) for w in words]
    except ValueError:
        offset = []
    if len(offset) != 3 or not all(abs(v) < _LARGEST for v in offset):  # noqa: PLR2004
        raise _fault(f"The OFFSET of joint {joint!r} is not three numbers")
    return offset


def _channels(words: list[str], joint: str) -> list[str]:
    names = [w[0].upper() + w[1:].lower() for w in words[1:]]
    known = {f"{axis}{kind}" for axis in _AXES for kind in ("position", "rotation")}
    if (
        not words
        or words[0] != str(len(names))
        or len(names) > _MOST_CHANNELS
        or not set(names) <= known
    ):
        raise _fault(f"The CHANNELS of joint {joint!r} are not a number and that many channels")
    return names


def _frames(data: bytes, start: int, width: int, problems: list[Problem]) -> tuple[F32, float]:
    """(F, width) numbers and the seconds between frames."""
    head = re.compile(rb"(?i)\s*Frames\s*:\s*([-+0-9.eE]+)\s+Frame\s*Time\s*:\s*([^\s]+)").match(
        data, start
    )
    if head is None:
        raise _fault("The MOTION section does not say Frames and Frame Time")
    claimed, step_s = _number(head.group(1)), _number(head.group(2))
    if not _QUICKEST_S <= step_s <= _SLOWEST_S:
        _odd(problems, f"Frame Time is {head.group(2)[:20].decode('latin-1')!r}", "30 a second.")
        step_s = _USUAL_S
    if width == 0:
        raise _fault("The skeleton has no channels, so nothing moves", code="asset.empty")
    values = _numbers(data, head.end(), width)
    if len(values) == 0:
        raise _fault("The MOTION section has no frames", code="asset.empty")
    if claimed != len(values):
        _odd(
            problems,
            f"Frames says {head.group(1)[:20].decode('latin-1')} and there are {len(values)}",
            "What is there is played.",
        )
    return values, step_s


def _number(text: bytes) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _numbers(data: bytes, start: int, width: int) -> F32:
    """Every whole frame of numbers from `start` on, parsed piece by piece."""
    pieces: list[F32] = []
    count, end = 0, len(data)
    while start < end:
        stop = min(start + _CHUNK, end)
        while stop < end and not data[stop : stop + 1].isspace():
            stop += 1
        piece = data[start:stop]
        if _NUMBER.fullmatch(piece) is None:
            bad = _NUMBER.match(piece)
            at = piece[bad.end() if bad else 0 :][:16].decode("latin-1")
            raise _fault(
                f"The MOTION section has {at!r} where a number should be", code="asset.nan"
            )
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                numbers = np.fromstring(piece.decode("ascii"), np.float64, sep=" ")
            except (DeprecationWarning, ValueError) as error:
                raise _fault(
                    "The MOTION section has something that is no number", code="asset.nan"
                ) from error
        if numbers.size and not float(np.abs(numbers).max()) < _LARGEST:
            raise _fault("The MOTION section has absurd numbers", code="asset.nan")
        pieces.append(numbers.astype(np.float32))
        count += numbers.size
        if count > width * MOST_KEYS:
            raise _fault(f"The motion has more than {MOST_KEYS} frames", code="asset.large")
        start = stop
    flat = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
    whole = flat.size // width
    return flat[: whole * width].reshape(whole, width)


def _mocap(tree: _Tree, values: F32, step_s: float, problems: tuple[Problem, ...]) -> Mocap:
    count = len(tree.names)
    at = np.zeros((count, 3))
    for j, parent in enumerate(tree.parents):
        at[j] = np.array(tree.offsets[j]) + (at[parent] if parent >= 0 else 0.0)
    turns = np.zeros((count, 4))
    turns[:, 3] = 1.0
    firsts = np.cumsum([0, *map(len, tree.channels)])

    def play(start: int, stop: int) -> tuple[F64, F64]:
        rows = values[start:stop].astype(np.float64)
        world = np.zeros((len(rows), count, 4))
        places = np.zeros((len(rows), count, 3))
        for j, parent in enumerate(tree.parents):
            local, place = _joint(rows, firsts[j], tree.channels[j], tree.offsets[j])
            if parent < 0:
                world[:, j], places[:, j] = local, place
            else:
                world[:, j] = quat.multiply(world[:, parent], local)
                places[:, j] = places[:, parent] + quat.rotate(world[:, parent], place)
        return world, places

    return Mocap(
        names=tuple(tree.names),
        parents=tuple(tree.parents),
        positions=at,
        turns=turns,
        tips={j: at[j] + np.array(end) for j, end in tree.ends.items()},
        times_s=np.arange(len(values), dtype=np.float64) * step_s,
        play=play,
        problems=problems,
    )


def _joint(rows: F64, first: int, channels: list[str], offset: list[float]) -> tuple[F64, F64]:
    """Local rotations (n, 4) and places (n, 3) of one joint."""
    local = np.tile(quat.IDENTITY, (len(rows), 1))
    place = np.tile(np.array(offset), (len(rows), 1))
    for k, channel in enumerate(channels):
        numbers, axis = rows[:, first + k], _AXES.index(channel[0])
        if channel.endswith("position"):
            place[:, axis] = numbers
        else:
            turn = quat.from_axis_angle(np.eye(3)[axis], np.radians(numbers))
            local = quat.multiply(local, turn)
    return local, place


def _odd(problems: list[Problem], what: str, remedy: str) -> None:
    problems.append(Problem("clip.bvh", "MOTION", f"{what}.", remedy))


def _fault(sentence: str, *, code: str = "asset.invalid") -> AssetError:
    return AssetError(f"{sentence}.", code=code, hint=_DAMAGED)
