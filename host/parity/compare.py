"""Two results of one scenario: where they differ most, by kind, and at which bone and frame."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

BARS: dict[str, float] = {
    "facts": 1e-4,
    "bone places": 1e-4,
    "bone rotations": 1e-4,
    "bone locals": 1e-4,
    "normalised bones": 1e-4,
    "morphs": 1e-4,
    "expressions": 1e-4,
    "constraints": 1e-4,
    "materials": 1e-4,
    "spring tails": 1e-3,
    "spring rotations": 1e-2,
}
"""Kind to how much two runtimes may differ: metres, quaternion components or weights."""
_ABSENT = 1.0
"""The difference between something and nothing."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The largest one of its kind."""

    kind: str
    amount: float
    where: str
    frame: int

    @property
    def passes(self) -> bool:
        """Whether it is under the bar."""
        return self.amount <= BARS[self.kind]


def compare(ours: dict[str, Any], theirs: dict[str, Any]) -> list[Difference]:
    """The largest difference of every kind that both have something of."""
    largest: dict[str, Difference] = {}

    def note(kind: str, amount: float, where: str, frame: int) -> None:
        if kind not in largest or amount > largest[kind].amount:
            largest[kind] = Difference(kind, amount, where, frame)

    for where, amount in _facts(ours, theirs):
        note("facts", amount, where, 0)
    if len(ours["dumps"]) != len(theirs["dumps"]):
        note("facts", _ABSENT, f"{len(ours['dumps'])} and {len(theirs['dumps'])} dumps", 0)
    for a, b in zip(ours["dumps"], theirs["dumps"], strict=False):
        for kind, where, amount in _dump(a, b):
            note(kind, amount, where, int(b["frame"]))
    return sorted(largest.values(), key=lambda d: list(BARS).index(d.kind))


Found = Iterator[tuple[str, str, float]]


def _facts(ours: dict[str, Any], theirs: dict[str, Any]) -> Iterator[tuple[str, float]]:
    for key in ("metaVersion", "humanBones", "lookAt"):
        yield key, 0.0 if _close(_bare(ours.get(key)), _bare(theirs.get(key))) else _ABSENT
    mine = {e["name"]: e for e in ours["expressions"]}
    for e in theirs["expressions"]:
        own = mine.pop(e["name"], {})
        for key in ("isBinary", "overrideBlink", "overrideLookAt", "overrideMouth"):
            yield f"expression {e['name']}: {key}", float(own.get(key) != e[key])
        same = _kinds(own.get("bindKinds", ())) == _kinds(e["bindKinds"])
        yield f"expression {e['name']}: binds", float(not same)
    yield f"expressions {sorted(mine)}", float(bool(mine))
    for key in ("type", "dst", "src", "weight"):
        a, b = ([_bare(c[key]) for c in r["constraints"]] for r in (ours, theirs))
        yield f"constraints: {key}", float(not _close(sorted(a), sorted(b)))


def _kinds(names: Iterable[str]) -> set[str]:
    """Kinds of binds; a bundler may have renamed the classes."""
    return {re.sub(r"^_|\d+$", "", n) for n in names}


def _dump(ours: dict[str, Any], theirs: dict[str, Any]) -> Found:
    for bone, b in theirs["raw"].items():
        a = ours["raw"].get(bone)
        if a is None:
            yield "bone places", bone, _ABSENT
            continue
        yield "bone places", bone, _apart(a["p"], b["p"])
        yield "bone rotations", bone, _turned(a["q"], b["q"])
        yield "bone locals", bone, max(_turned(a["lq"], b["lq"]), _apart(a["lp"], b["lp"]))
    for bone, b in theirs["norm"].items():
        a = ours["norm"].get(bone)
        if a is not None:
            both = (_turned(a["q"], b["q"]), _turned(a["lq"], b["lq"]))
            yield "normalised bones", bone, max(_apart(a["p"], b["p"]), *both)
    yield from _morphs(ours["morphs"], theirs["morphs"])
    yield from _morphs(theirs["morphs"], ours["morphs"])
    yield from _springs(ours["springs"], theirs["springs"])
    yield from _named("constraints", "dst", ours.get("constraints"), theirs.get("constraints"))
    yield from _materials(ours.get("mats", ()), theirs.get("mats", ()))
    a, b = ours.get("expr", {}), theirs.get("expr", {})
    for name in {*a, *b} if "expr" in ours and "expr" in theirs else ():
        yield "expressions", name, _apart(a.get(name, (0, 0)), b.get(name, (0, 0)))


def _morphs(those: dict[str, dict[str, float]], these: dict[str, dict[str, float]]) -> Found:
    """Every mesh of one side has a twin on the other (their meshes' names may differ)."""
    yield "morphs", "", 0.0
    for mesh, weights in those.items():
        twins = (_weights_apart(weights, other) for other in these.values())
        amount, target = min(twins, default=(max(weights.values()), next(iter(weights))))
        yield "morphs", f"{mesh}/{target}", amount


def _weights_apart(a: dict[str, float], b: dict[str, float]) -> tuple[float, str]:
    if a.keys().isdisjoint(b) and len(a) == len(b):
        # Where names stand in the primitive, three.js knows targets by their numbers only.
        pairs = zip(sorted(a.items(), key=_value), sorted(b.items(), key=_value), strict=True)
        return max((abs(x[1] - y[1]), x[0]) for x, y in pairs)
    return max((abs(a.get(k, 0.0) - b.get(k, 0.0)), k) for k in {*a, *b})


def _value(item: tuple[str, float]) -> float:
    return item[1]


def _springs(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> Found:
    """By name, in the order of the file; a bone that swings twice swings once for us."""
    mine: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for joint in ours:
        mine.setdefault(_joint(joint), []).append(joint)
    seen: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for b in theirs:
        key = _joint(b)
        twins = mine.get(key)
        if not twins:
            yield "spring tails", key[0], _ABSENT
            continue
        turn = seen.setdefault(key, [])
        a = twins[min(len(turn), len(twins) - 1)]
        turn.append(a)
        if a["tail"] is not None and b["tail"] is not None:
            yield "spring tails", b["bone"], _apart(a["tail"], b["tail"])
        yield "spring rotations", b["bone"], _turned(a["q"], b["q"])


def _joint(joint: dict[str, Any]) -> tuple[str, str]:
    return _bare(joint["bone"]), _bare(joint["child"] or "")


def _named(kind: str, key: str, ours: Any, theirs: Any) -> Found:
    mine: dict[str, list[Any]] = {}
    for item in ours or ():
        mine.setdefault(_bare(item[key]), []).append(item["q"])
    for item in theirs or ():
        twins = mine.get(_bare(item[key]), [])
        amount = min((_turned(q, item["q"]) for q in twins), default=_ABSENT)
        yield kind, item[key], amount


def _materials(ours: Iterable[dict[str, Any]], theirs: Iterable[dict[str, Any]]) -> Found:
    mine: dict[str, list[dict[str, Any]]] = {}
    for item in ours:
        mine.setdefault(item["name"], []).append(item)
    for b in theirs:
        twins = mine.get(b["name"])
        if twins:
            yield min((_material(a, b) for a in twins), key=lambda found: found[2])


def _material(a: dict[str, Any], b: dict[str, Any]) -> tuple[str, str, float]:
    worst, where = 0.0, b["name"]
    for key in ("color", "emissive", "shadeColor", "outline"):
        if a.get(key) and b.get(key):
            pair = (_hue(a[key]), _hue(b[key])) if key == "emissive" else (a[key], b[key])
            amount = _apart(*pair)
            if amount > worst:
                worst, where = amount, f"{b['name']}: {key}"
    for key in ("offset", "repeat"):
        if a.get("map") and b.get("map"):
            amount = _apart(a["map"][key], b["map"][key])
            if amount > worst:
                worst, where = amount, f"{b['name']}: {key}"
    return "materials", where, worst


def _hue(color: list[float]) -> list[float]:
    """A colour without its strength, which three.js keeps elsewhere."""
    top = max(color)
    return [c / top for c in color] if top > 0.0 else color


def _apart(a: Iterable[float], b: Iterable[float]) -> float:
    return max((abs(x - y) for x, y in zip(a, b, strict=True)), default=0.0)


def _turned(a: list[float], b: list[float]) -> float:
    """The largest component between two unit quaternions, either sign being the same turn."""
    return min(_apart(a, b), _apart(a, [-x for x in b]))


def _bare(value: Any) -> Any:
    """Names without the number that three.js adds to make them unique."""
    if isinstance(value, str):
        return re.sub(r"(_\d+)+$", "", value)
    if isinstance(value, dict):
        return {k: _bare(v) for k, v in value.items()}
    return value


def _close(a: Any, b: Any) -> bool:
    """Whether two pieces of JSON are equal up to rounding."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_close(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(_close(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, int | float) and isinstance(b, int | float):
        return abs(a - b) <= BARS["facts"]
    return bool(a == b)
