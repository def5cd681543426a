"""Sound that needs no sound card: a file, and silence."""

from __future__ import annotations

from stream.file_sound import FileSound
from stream.silence import Silence

__all__ = ["FileSound", "Silence"]
