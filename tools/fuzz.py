"""Hostile avatar files by the thousand: ``python -m tools.fuzz MINUTES [--seed N]``.

Every file is made from a number, so that a failure can be made again: the seed is printed and the
file is kept. Exit status 1 when anything but an AssetError came out, or a file took too long or
too much memory.
"""

from __future__ import annotations

import argparse
import collections
import os
import sys
import tempfile
import traceback
from pathlib import Path

import numpy as np

from flow.clock import NS_PER_S, MonotonicClock
from tests.fixtures import hostile, hostile_clips

LONGEST_S = 5.0
MOST_MEMORY = 3 << 30


def main() -> int:
    """Fuzz for as long as asked."""
    parser = argparse.ArgumentParser(prog="fuzz")
    parser.add_argument("minutes", type=float)
    parser.add_argument("--seed", type=int, default=0, help="the first number; default a new one")
    parser.add_argument(
        "--keep", type=Path, default=Path(tempfile.gettempdir()) / "mirrorstage-fuzz"
    )
    parser.add_argument("--clips", action="store_true", help="motion files instead of avatars")
    arguments = parser.parse_args()
    kind = hostile_clips if arguments.clips else hostile
    _bound_memory()
    first = arguments.seed or int.from_bytes(os.urandom(4))
    arguments.keep.mkdir(parents=True, exist_ok=True)
    path = arguments.keep / f"trial-{os.getpid()}.vrm"
    clock = MonotonicClock()
    end = clock.now() + round(arguments.minutes * 60 * NS_PER_S)
    codes: collections.Counter[str] = collections.Counter()
    failures: dict[str, int] = {}
    seed = first
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        while clock.now() < end:
            data = kind.hostile(seed)
            began = clock.now()
            try:
                codes[kind.attempt(path, data) or "loaded"] += 1
            except BaseException as error:  # noqa: BLE001 - anything else is what is looked for
                if isinstance(error, KeyboardInterrupt):
                    break
                _note(error, seed, data, arguments.keep, failures)
            if (took := (clock.now() - began) / NS_PER_S) > LONGEST_S:
                print(f"seed {seed} took {took:.1f} s")
                failures["slow"] = failures.get("slow", 0) + 1
            seed += 1
    path.unlink(missing_ok=True)
    print(
        f"{seed - first} files from seed {first}: "
        + ", ".join(f"{n} {c}" for c, n in codes.most_common())
    )
    for place, count in failures.items():
        print(f"FAILED {count} times: {place}")
    return int(bool(failures))


def _note(
    error: BaseException, seed: int, data: bytes, keep: Path, failures: dict[str, int]
) -> None:
    """Say each kind of failure once, and keep its file."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
    if place not in failures:
        kept = keep / f"{seed}.vrm"
        kept.write_bytes(data)
        print(f"seed {seed}: {place}: {str(error)[:120]} ({kept})")
        traceback.print_exception(error, limit=-6)
        sys.stdout.flush()
    failures[place] = failures.get(place, 0) + 1


def _bound_memory() -> None:
    """A file that wants everything fails here, not the machine."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, resource.RLIM_INFINITY))


if __name__ == "__main__":
    sys.exit(main())
