"""The two encoders of a show and their settings."""

from __future__ import annotations

from stream.audio_encoder import AudioEncoder
from stream.settings import EncodeSettings
from stream.video_encoder import VideoEncoder

__all__ = ["AudioEncoder", "EncodeSettings", "VideoEncoder"]
