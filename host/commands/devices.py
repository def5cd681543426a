"""``mirrorstage devices``: the cameras and microphones of this machine."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from capture.devices import list_cameras, list_microphones


def run(arguments: argparse.Namespace) -> int:
    """List them; finding none is an answer, not a fault."""
    cameras, microphones = list_cameras(), list_microphones()
    if arguments.json:
        data = {
            "cameras": [asdict(d) for d in cameras],
            "microphones": [asdict(d) for d in microphones],
        }
        sys.stdout.write(json.dumps(data, ensure_ascii=False) + "\n")
        return 0
    for title, option, devices in (
        ("Cameras", "--source webcam", cameras),
        ("Microphones", "--sound microphone", microphones),
    ):
        sys.stdout.write(f"{title}:\n")
        for device in devices:
            sys.stdout.write(f"  {device.name}   ({option}:{device.id})\n")
        if not devices:
            sys.stdout.write("  none found\n")
    if not cameras:
        sys.stdout.write(
            "Without a camera, shows use the built-in recorded performer; "
            "a phone works as a network camera (--source http://…).\n"
        )
    return 0
