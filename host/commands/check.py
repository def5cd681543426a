"""``mirrorstage check``: everything that can be known about a show before going live."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import assets
from flow.clock import Clock, MonotonicClock
from flow.errors import MirrorstageError
from flow.pose import Driver
from host.commands.options import show_of
from host.drivers import Wanted, make_driver, wanted_drivers
from host.examine import examine_motion, examine_sound
from host.gate import SAID, judge, table
from host.outputs import make_outputs, wanted_outputs
from host.performance import AnimationSection
from host.showfile import Show
from host.sources import Chosen, choose_motion, choose_sound


def run(arguments: argparse.Namespace) -> int:
    """Check; exit status is that of the first fault."""
    show = show_of(arguments)
    findings = inspect_show(show)
    faults = [f for f in findings if f["fault"]]
    if arguments.json:
        sys.stdout.write(json.dumps({"ok": not faults, "findings": findings}, ensure_ascii=False))
        sys.stdout.write("\n")
    else:
        for finding in findings:
            mark = "✗" if finding["fault"] else "✓"
            code = f" [{finding['code']}]" if finding["fault"] else ""
            sys.stdout.write(f"{mark} {finding['what']}: {finding['sentence']}{code}\n")
    return int(faults[0]["exit_status"]) if faults else 0


def inspect_show(show: Show) -> list[dict[str, Any]]:
    """One finding per piece of the show: what it is, a sentence, whether it is a fault."""
    from avatar.rig.avatar import Avatar
    from flow.pose import Part
    from host.stack import check_expressions, check_shots, load_animation
    from host.wardrobe import open_avatar
    from scenes.director import Director
    from scenes.stage import load_stage
    from stream.network import NetworkThread

    clock = MonotonicClock()
    chosen: list[Chosen] = []
    bodies: list[Avatar] = []

    def motion() -> str:
        examine_motion(show.motion, clock)
        chosen.append(choose_motion(show.motion, clock))
        return chosen[0].sentence

    def sound() -> str:
        if show.sound.source == "auto" and not chosen:
            return "Goes with the motion."
        examine_sound(show.sound)
        silent = Chosen(None, "")
        return choose_sound(show.sound, chosen[0] if chosen else silent, clock).sentence

    def host() -> str:
        body = open_avatar(show.avatar.model)
        bodies.append(body)
        odd = f", {len(body.problems)} oddities (mirrorstage inspect)" if body.problems else ""
        return f"{body.name}, {body.model.triangle_count} triangles{odd}"

    def place() -> str:
        stage = load_stage(assets.locate("stages", show.stage.model))
        director = Director(stage, host_height_m=1.6, aspect=1.0)
        director.cut_to(show.stage.shot)
        check_shots(show, director.names)
        return f"{stage.name}, {stage.model.triangle_count} triangles, shot {show.stage.shot}"

    def licence() -> str:
        machine = bool(chosen) and chosen[0].driver is Driver.AI
        judged = judge(bodies[0], show.purpose.declared(ai_driven=machine))
        judged.enforce()
        lines = [f"{show.purpose.use} use is {SAID[judged.decision.kind]}."]
        lines += [f"{f}. {f.advice}".strip() for f in judged.decision.findings]
        lines += ["Undeclared performers would meet this:", *table(bodies[0].meta)]
        return "\n    ".join(lines)

    findings = [
        _finding("motion", motion),
        _finding("sound", sound),
        _finding("avatar", host),
        *([_finding("licence", licence)] if bodies else []),
        _finding("stage", place),
    ]

    def animation(section: AnimationSection) -> str:
        clip = load_animation(section)
        parts = [p.value for p in Part if p in clip.parts and p in section.parts]
        odd = f", {len(clip.problems)} oddities" if getattr(clip, "problems", ()) else ""
        return f"{section.name}: {clip.duration_s:.1f} s, moves {', '.join(parts)}{odd}"

    def expressions() -> str:
        check_expressions(show.expression, bodies[0])
        return ", ".join(s.name for s in show.expression)

    findings += [_finding("animation", partial(animation, s)) for s in show.animation]
    if show.expression and bodies:
        findings.append(_finding("expressions", expressions))

    findings += _drivers(show, clock)

    def outputs() -> str:
        wanted = wanted_outputs(show)
        make_outputs(wanted, {"clock": clock, "network": NetworkThread(), "request_keyframe": int})
        return ", ".join(f"{label} ({plugin.summary})" for label, plugin, _ in wanted)

    if show.output:
        findings.append(_finding("outputs", outputs))
    return findings


def _drivers(show: Show, clock: Clock) -> list[dict[str, Any]]:
    """Findings about who else moves the host."""

    def all_of_them() -> str:
        return f"{len(wanted_drivers(show))} beside the motion"

    def one_of_them(one: Wanted) -> str:
        made = make_driver(one, clock)
        if one.plugin.kind == "pose":  # what hears others shows at once whether it can
            made.source.start()
            made.source.stop()
        return f"{one.label}: {one.plugin.summary}; {one.words}"

    if not show.driver:
        return []
    first = _finding("drivers", all_of_them)
    if first["fault"]:
        return [first]
    return [first, *(_finding("driver", partial(one_of_them, w)) for w in wanted_drivers(show))]


def _finding(what: str, look: Callable[[], str]) -> dict[str, Any]:
    try:
        return {"what": what, "sentence": look(), "fault": False, "exit_status": 0}
    except MirrorstageError as fault:
        return {
            "what": what,
            "sentence": str(fault),
            "fault": True,
            "code": fault.code,
            "exit_status": fault.exit_status,
        }
