"""What can be known about a show's sources before going live, without starting them."""

from __future__ import annotations

import assets
from flow.clock import Clock
from flow.errors import ShowFileError
from host.showfile import Motion, Sound
from host.sources import CAMERA_SCHEMES, OTHER_PROGRAMS, choose_motion


def examine_motion(motion: Motion, clock: Clock) -> None:
    """Look at the file or device a show wants its motion from.

    Raises:
        MirrorstageError: What starting the source would raise, as far as it can be known.
    """
    text = motion.source
    if text.startswith("take:"):
        from capture.take_file import TakeReader

        TakeReader(assets.locate("takes", text.removeprefix("take:")))
    elif text.startswith(("file:", *CAMERA_SCHEMES)):
        from capture.open import open_pictures
        from capture.process import CaptureProcess, CaptureSettings
        from capture.quiet import quiet_stderr

        settings = CaptureSettings(source=text, profile=motion.profile)
        CaptureProcess(settings, clock).check()
        if text.startswith(("file:", "images:")):
            with quiet_stderr():
                open_pictures(settings, clock).close()
    elif text.partition(":")[0] in OTHER_PROGRAMS:
        source = choose_motion(motion, clock).source
        source.start()
        source.stop()


def examine_sound(sound: Sound) -> None:
    """Look for the microphone a show names; files are looked at when they are chosen.

    Raises:
        DeviceError: What opening it would raise.
        ShowFileError: ``show.source`` for a file without a name.
    """
    kind, _, target = sound.source.partition(":")
    if kind == "microphone":
        from capture.microphone import check_microphone

        check_microphone(target or None)
    elif kind == "file" and not target:
        raise ShowFileError("The sound names no file.", code="show.source", hint="Write file:PATH.")
