"""``mirrorstage take export``: a take, or any motion file, as a VRM animation or BVH."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import assets
from avatar.clip.body import STANDARD, Body, body_of
from avatar.clip.clip import Clip
from avatar.clip.load import load_clip
from avatar.read.load import load_avatar
from flow.errors import OutputError
from flow.paths import check_writable, user_path
from host.clips import Face, check_kind, clip_bytes, clip_of_take, with_face
from host.progress import Bar
from host.targets import keep_existing

_TAKE = b"MSTAKE"
_PATIENCE_S = 0.5


def run(arguments: argparse.Namespace) -> int:
    """Perform the take (or read the motion file) and write what came of it."""
    out = user_path(arguments.out)
    check_kind(out)
    keep_existing(out, force=arguments.force)
    source = assets.locate("takes", arguments.take)
    body = _body(arguments.avatar)
    try:
        check_writable(out)
    except OSError as fault:
        raise _unwritable(out, fault) from fault
    face: Face = "none" if out.suffix.lower() == ".bvh" else arguments.face
    clip = with_face(_clip(source, arguments), face)
    data = clip_bytes(clip, out, body, arguments.fps)
    try:
        _replace(out, data)
    except OSError as fault:
        raise _unwritable(out, fault) from fault
    _tell(arguments, clip, out, len(data))
    return 0


def _body(avatar: str | None) -> Body:
    if avatar is None:
        return STANDARD
    return body_of(load_avatar(assets.locate("avatars", avatar), max_texture_px=16))


def _clip(source: Path, arguments: argparse.Namespace) -> Clip:
    if _is_take(source):
        with Bar(sys.stderr, unit="s", scale=1.0, patience_s=_PATIENCE_S) as bar:
            return clip_of_take(source, fps=arguments.fps, mirrored=arguments.mirror, tell=bar)
    return load_clip(source)


def _is_take(path: Path) -> bool:
    """Whether the file is a take; a missing or unreadable one is left to whoever opens it."""
    try:
        with path.open("rb") as file:
            return file.read(len(_TAKE)) == _TAKE
    except OSError:
        return path.suffix.lower() not in {".vrma", ".bvh", ".glb", ".gltf"}


def _replace(out: Path, data: bytes) -> None:
    """Write all or nothing: an older file stays until the new one is whole."""
    with tempfile.NamedTemporaryFile(dir=out.parent, prefix=out.name, delete=False) as file:
        partial = Path(file.name)
        try:
            file.write(data)
            file.close()
            partial.chmod(0o666 & ~_umask())
            partial.replace(out)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _unwritable(out: Path, fault: OSError) -> OutputError:
    return OutputError(
        f"{out} cannot be written: {fault.strerror}.",
        code="take.unwritable",
        hint="Check the folder, its rights and the free space.",
    )


def _tell(arguments: argparse.Namespace, clip: Clip, out: Path, size: int) -> None:
    parts = sorted(part.value for part in clip.parts)
    if arguments.json:
        data = {
            "file": str(out),
            "seconds": round(clip.duration_s, 3),
            "keys": len(clip.times_s),
            "bytes": size,
            "parts": parts,
            "expressions": sorted(clip.expressions),
            "problems": [p.sentence for p in clip.problems],
        }
        sys.stdout.write(json.dumps(data) + "\n")
        return
    for problem in clip.problems:
        sys.stderr.write(f"{problem.sentence} {problem.remedy}\n")
    shown = ", ".join(p.replace("_", " ") for p in parts) or "nothing"
    sys.stderr.write(f"Wrote {out}: {clip.duration_s:.1f} s of {shown}.\n")
