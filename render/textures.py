"""Textures for the engine: alpha as the material means it, sizes the back end can hold."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from flow.mesh import Alpha, Model, Texture
from flow.spec import U8
from render.panda import core

MAX_SIZE = 2048


class TextureBook:
    """One model's textures, uploaded once per way they are used.

    `power_of_two`: the software rasteriser takes no other sizes, and draws small ones faster.
    `filters`: ``file`` samples as the file says; ``sharp`` along the slope as well, which graphics
    processors do for nothing; ``cheap`` with one mipmap at a time: software GL pays for two, and
    the software rasteriser mixes them wrongly, so that small alpha comes out as lace.
    """

    def __init__(
        self,
        model: Model,
        *,
        power_of_two: bool = False,
        limit: int = MAX_SIZE,
        filters: Literal["file", "sharp", "cheap"] = "file",
    ) -> None:
        self._model = model
        self._filters = filters
        self._power_of_two = power_of_two
        self._limit = limit
        self._made: dict[tuple[int, Alpha, float, bool, float], Any] = {}
        self._white: Any = None

    def white(self) -> Any:
        """A white texel."""
        if self._white is None:
            self._white = upload("white", np.full((4, 4, 4), 255, np.uint8))
        return self._white

    def get(
        self,
        index: int,
        mode: Alpha = Alpha.BLEND,
        cutoff: float = 0.5,
        *,
        decoded: bool = False,
        gain: float = 1.0,
    ) -> Any:
        """Texture `index` with its alpha as `mode` needs it; white when there is none.

        OPAQUE ignores what the file has there, MASK keeps or drops a texel. `decoded`: sampled as
        linear light (colours), not as the stored numbers (data). Colours are stored times `gain`.
        """
        if not 0 <= index < len(self._model.textures):
            return self.white()
        key = (index, mode, cutoff if mode is Alpha.MASK else 0.0, decoded, gain)
        found = self._made.get(key)
        if found is None:
            texture = self._model.textures[index]
            rgba = with_alpha(self._fitted(texture), mode, cutoff)
            if gain > 1.0:
                rgba = brightened(rgba, gain)
            found = self._made[key] = upload(texture.name, rgba, decoded=decoded)
            found.set_wrap_u(_wrap(texture.repeat_u, texture.mirror_u))
            found.set_wrap_v(_wrap(texture.repeat_v, texture.mirror_v))
            self._filter(found, texture)
        return found

    def _filter(self, made: Any, texture: Texture) -> None:
        sampler = core().SamplerState
        if self._filters == "cheap":
            made.set_minfilter(sampler.FT_linear_mipmap_nearest)
            return
        made.set_magfilter(getattr(sampler, f"FT_{texture.magnified}"))
        made.set_minfilter(getattr(sampler, f"FT_{texture.minified}"))
        if self._filters == "sharp" and "mipmap" in texture.minified:
            made.set_anisotropic_degree(4)

    def _fitted(self, texture: Texture) -> U8:
        rgba = texture.rgba
        height, width = rgba.shape[:2]
        new_width, new_height = min(width, self._limit), min(height, self._limit)
        if self._power_of_two:
            new_width, new_height = _power(new_width), _power(new_height)
        if (new_width, new_height) == (width, height):
            return rgba
        import cv2

        larger = cv2.INTER_NEAREST if texture.magnified == "nearest" else cv2.INTER_LINEAR
        shrinks = new_width * new_height < width * height
        size = (new_width, new_height)
        mode = cv2.INTER_AREA if shrinks else larger
        return np.asarray(cv2.resize(rgba, size, interpolation=mode), np.uint8)


def brightened(rgba: U8, gain: float) -> U8:
    """`rgba` with its colours, not its alpha, times `gain`."""
    import cv2

    stored = np.arange(256, dtype=np.float32)
    table = np.stack([stored * np.float32(gain)] * 3 + [stored], axis=1)
    table = np.minimum(np.round(table), 255.0).astype(np.uint8)
    return np.asarray(cv2.LUT(rgba, table[None]), np.uint8)


def with_alpha(rgba: U8, mode: Alpha, cutoff: float) -> U8:
    """`rgba` with alpha 255 (OPAQUE), 0 or 255 (MASK) or as it is (BLEND)."""
    if mode is Alpha.BLEND:
        return rgba
    out: NDArray[np.uint8] = rgba.copy()
    out[..., 3] = 255 if mode is Alpha.OPAQUE else np.where(rgba[..., 3] >= cutoff * 255.0, 255, 0)
    return out


def upload(name: str, rgba: U8, *, decoded: bool = False) -> Any:
    """A mipmapped 2-D texture. Row 0 stays first: glTF's v = 0 is the first row, too."""
    import cv2

    panda = core()
    height, width = rgba.shape[:2]
    texture = panda.Texture(name)
    form = panda.Texture.F_srgb_alpha if decoded else panda.Texture.F_rgba
    texture.setup_2d_texture(width, height, panda.Texture.T_unsigned_byte, form)
    texture.set_ram_image(cv2.cvtColor(np.ascontiguousarray(rgba), cv2.COLOR_RGBA2BGRA).tobytes())
    texture.set_minfilter(panda.SamplerState.FT_linear_mipmap_linear)
    texture.set_magfilter(panda.SamplerState.FT_linear)
    texture.set_wrap_u(_wrap(repeat=True))
    texture.set_wrap_v(_wrap(repeat=True))
    # Sizes are decided here; left alone, the engine would shrink them to powers of two.
    texture.set_auto_texture_scale(panda.ATS_none)
    return texture


def _wrap(repeat: bool, mirror: bool = False) -> Any:
    sampler = core().SamplerState
    if mirror:
        return sampler.WM_mirror
    return sampler.WM_repeat if repeat else sampler.WM_clamp


def _power(size: int) -> int:
    return 1 << max(2, round(float(np.log2(max(size, 4)))))
