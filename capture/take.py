"""Takes: recorded motion that replays bit for bit."""

from __future__ import annotations

from capture.take_file import TakeInfo, TakeReader, TakeWriter
from capture.take_replay import TakeSource

__all__ = ["TakeInfo", "TakeReader", "TakeSource", "TakeWriter"]
