"""How a show is encoded: one encode serves every packet output."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

_REFERENCE_KBPS = 2500.0
_REFERENCE_PIXELS_PER_S = 1280 * 720 * 30


def default_video_kbps(width: int, height: int, fps: float) -> int:
    """Bit rate for a size: 2500 kb/s at 1280x720p30, growing with pixels to the power 0.75.

    Bigger pictures need fewer bits a pixel; 0.75 gives the 4.5 Mb/s that rooms recommend for
    1080p30 and 1.2 Mb/s at 640x480.
    """
    ratio = width * height * fps / _REFERENCE_PIXELS_PER_S
    return max(200, round(_REFERENCE_KBPS * float(ratio**0.75) / 50) * 50)


class EncodeSettings(BaseModel):
    """Picture and sound of one show, as every output receives them."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    width: int = Field(
        default=1280, ge=16, le=7680, multiple_of=2, description="Picture width in pixels"
    )
    height: int = Field(
        default=720, ge=16, le=4320, multiple_of=2, description="Picture height in pixels"
    )
    fps: float = Field(default=30.0, gt=0, le=240, description="Pictures per second")
    video_kbps: int = Field(
        default=2500, ge=100, le=100_000, description="Video bit rate; left out: by size"
    )
    audio_kbps: int = Field(default=128, ge=32, le=512, description="Sound bit rate")
    rate_hz: Literal[44_100, 48_000] = Field(default=48_000, description="Samples per second")
    channels: Literal[1, 2] = Field(default=2, description="Sound channels")
    keyframe_s: float = Field(default=2.0, ge=0.25, le=10, description="Seconds between key frames")
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast"] = Field(
        default="superfast", description="libx264 preset: slower looks better and costs more"
    )
    profile: Literal["baseline", "main", "high"] = Field(
        default="baseline", description="H.264 profile; baseline plays everywhere"
    )
    threads: int = Field(default=2, ge=1, le=16, description="Encoder threads")

    @model_validator(mode="before")
    @classmethod
    def _scale_bit_rate(cls, data: Any) -> Any:
        """Fill the video bit rate from the size when it was left out."""
        if isinstance(data, dict) and data.get("video_kbps") is None:
            size = [data.get(key, default) for key, default in _SIZE_DEFAULTS]
            if all(isinstance(v, int | float) and v > 0 for v in size):
                return {**data, "video_kbps": default_video_kbps(*size)}
        return data


_SIZE_DEFAULTS = (("width", 1280), ("height", 720), ("fps", 30.0))
