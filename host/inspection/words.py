"""The facts about an avatar as a text for people."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from flow.pose import HUMAN_BONES, PRESET_EXPRESSIONS
from host.inspection.facts import lacking

VERSIONS = {"vrm1": "VRM 1.0", "vrm0": "VRM 0.x", "glb": "plain glTF humanoid"}
WIDTH, MARGIN = 100, 15
MOVEMENTS = {"blink": "blinking", "speech": "speech", "lips": "round lips", "smile": "smiling",
             "brows": "raised brows", "gaze": "gaze"}  # fmt: skip
_MOST_LISTED = 8


def words(data: dict[str, Any]) -> str:
    """All that `mirrorstage inspect` prints of one avatar."""
    lines = [f"{data['name']}  ({VERSIONS[data['version']]}, {_size(data['size_bytes'])})"]
    lines.append(f"  {data['file']}")
    for title, text in _sections(data):
        if text:
            lines += _paragraph(title, text)
    for problem in data["problems"]:
        place, sentence = problem["json_path"], problem["sentence"]
        if place and not sentence.startswith(place.partition("[")[0].partition(".")[0]):
            sentence = f"{place}: {sentence}"
        lines += _paragraph("problem", f"{sentence} {problem['remedy']} [{problem['code']}]")
    if not data["problems"]:
        lines += _paragraph("problems", "none")
    return "\n".join(lines)


def _paragraph(title: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=f"  {title:{MARGIN - 2}}",
        subsequent_indent=" " * MARGIN,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _sections(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    meta = data["meta"]
    yield "by", ", ".join(meta["authors"])
    yield "version", meta.get("version", "")
    for number, row in enumerate(data["licence_table"]):
        yield "" if number else "licence", f"for {row}"
    skeleton = data["skeleton"]
    yield (
        "size",
        (
            f"{skeleton['width_m']:g} x {skeleton['height_m']:g} x {skeleton['depth_m']:g} m as "
            f"modelled, hips at {skeleton['hip_height_m']:g} m"
        ),
    )
    yield "bones", _bones(data["bones"])
    yield "face", _face(data["expressions"])
    driven = data["driven_by"]
    if not any(driven.values()):
        yield "", "nothing moves it"
    else:
        for movement, name in MOVEMENTS.items():
            yield "", f"{name} moves {_listed(driven[movement]) or 'nothing'}"
    yield "springs", _springs(data["springs"])
    yield "constraints", _kinds(c["kind"] for c in data["constraints"]) or "none"
    yield (
        "surface",
        (
            f"{data['triangles']:,} triangles, {data['vertices']:,} vertices, "
            f"{data['morph_targets']} morph targets, {_materials(data['materials'])}"
        ),
    )
    yield "textures", _textures(data)
    yield "first person", _flags(data["first_person"])
    yield (
        "memory",
        (
            f"{data['memory']['total_mb']} MB: textures {data['memory']['textures_mb']}, meshes "
            f"{data['memory']['meshes_mb']}, morph targets {data['memory']['morphs_mb']}"
        ),
    )
    yield "cost", _cost(data["cost"])
    yield "lacks", "; ".join(lacking(data))
    yield "drawn in", data.get("picture", "")


def _bones(bones: dict[str, Any]) -> str:
    text = f"{bones['found']} of {len(HUMAN_BONES)} humanoid bones"
    if bones["required_missing"]:
        text += f", of the required ones not {', '.join(bones['required_missing'])}"
    others = [b for b in bones["missing"] if b not in bones["required_missing"]]
    return text + (f"; without {_bone_names(others)}" if others else "")


def _bone_names(names: list[str]) -> str:
    """Bone names, fingers as one."""
    fingers = ("Thumb", "Index", "Middle", "Ring", "Little")
    out = [n for n in names if not any(f in n for f in fingers)]
    for side in ("left", "right"):
        count = sum(n.startswith(side) and any(f in n for f in fingers) for n in names)
        if count:
            out.append(f"{count} of the {side} hand's 15 finger bones")
    return ", ".join(out)


def _face(faces: dict[str, Any]) -> str:
    text = (
        f"{len(faces['presets'])} of {len(PRESET_EXPRESSIONS)} VRM expressions, "
        f"{faces['arkit']} of 52 ARKit shapes"
    )
    own = faces["custom"]
    if own and faces["arkit"] < len(own):
        text += f", {len(own)} of the author's own in all"
    if 0 < len(faces["presets_missing"]) <= _MOST_LISTED:
        text += f"; without {', '.join(faces['presets_missing'])}"
    return text


def _springs(springs: dict[str, Any]) -> str:
    if not springs["joints"]:
        return "none"
    text = f"{_many(springs['joints'], 'joint')} in {_many(springs['chains'], 'chain')}"
    if springs["colliders"]:
        kinds = (_many(n, kind) for kind, n in springs["colliders"].items())
        text += f"; {', '.join(kinds)} to keep clear of"
        if springs["colliders_unused"]:
            text += f" ({springs['colliders_unused']} touched by nothing)"
    if springs["with_centre"]:
        text += f"; {springs['with_centre']} joints do not feel the body walk"
    return text


def _materials(materials: list[dict[str, Any]]) -> str:
    used = [m for m in materials if m["used_by"]]
    shading = _kinds(m["shading"] for m in used)
    extras = [f"{sum(m['outline'] != 'none' for m in used)} with outline",
              f"{sum(m['alpha'] == 'BLEND' for m in used)} see-through",
              f"{sum(m['alpha'] == 'MASK' for m in used)} cut out"]  # fmt: skip
    kept = [e for e in extras if not e.startswith("0 ")]
    return ", ".join([f"materials: {shading or 'none'}", *kept])


def _textures(data: dict[str, Any]) -> str:
    images = data["images"]
    if not images:
        return "none"
    formats = _kinds(f"{i['format']} {i['size']}".strip() for i in images)
    loaded = _kinds(t["size"] for t in data["textures"])
    return f"in the file {formats}; used and decoded: {loaded or 'none'}"


def _flags(flags: dict[str, int]) -> str:
    hidden = flags.get("firstPersonOnly", 0)
    return f"{hidden} of its pieces are for its wearer's eyes only and not drawn" if hidden else ""


def _cost(cost: dict[str, Any]) -> str:
    if "measured" in cost:
        m = cost["measured"]
        return (
            f"{m['ms']} ms a picture here, {m['body_ms']} of them for the body; the drawing thread "
            f"works {m['processor_ms']} ms: {m['pictures']} pictures of {m['size']}, "
            f"{m['backend']} back end ({m['device']})"
        )
    return (
        f"about {cost['picture_ms']} ms a picture with {cost['triangles_drawn']:,} triangles, "
        f"{cost['how']}"
    )


def _kinds(values: Iterable[str]) -> str:
    return _counted(Counter(values))


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{n} {kind}" for kind, n in counts.items())


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_LISTED
    return ", ".join(names[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.0f} kB"  # noqa: PLR2004
