"""glTF materials and pictures of a stage, as flow's: decoded, scaled down, opaque made opaque."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np

from flow.mesh import Alpha, Map, Material, Shading, Texture
from scenes.stage_file import StageFile, refuse

MAX_SIDE_PX = 1024
MAX_PICTURE_PX = 64_000_000
REPEAT = 10497
WHITE = Material("default", metallic=0.0, roughness=0.9)


class Materials:
    """Reads materials one by one and keeps each picture once. Damaged pictures become problems."""

    def __init__(self, file: StageFile, problems: list[str]) -> None:
        self._file = file
        self._problems = problems
        self._known: dict[tuple[int, bool, bool, bool], int] = {}
        self.textures: list[Texture] = []

    def read(self, index: int | None) -> Material:
        """Material `index`, or a matt white one for None; raises AssetError when malformed."""
        if index is None:
            return WHITE
        row = self._file.rows("materials")[index]
        try:
            return self._read(row, str(row.get("name", f"material {index}")))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as e:
            why = f"has a broken material {index} ({type(e).__name__}: {e})"
            raise refuse(self._file.where, why) from e

    def _read(self, row: dict[str, Any], name: str) -> Material:
        more = row.get("extensions", {})
        pbr = row.get("pbrMetallicRoughness", {})
        alpha = Alpha(row.get("alphaMode", "OPAQUE"))
        color, base, metallic = pbr.get("baseColorFactor"), pbr.get("baseColorTexture"), 1.0
        if (gloss := more.get("KHR_materials_pbrSpecularGlossiness")) is not None:
            color, base, metallic = gloss.get("diffuseFactor"), gloss.get("diffuseTexture"), 0.0
        r, g, b, a = _numbers(color or (1.0, 1.0, 1.0, 1.0), 4)
        glow = more.get("KHR_materials_emissive_strength", {}).get("emissiveStrength", 1.0)
        er, eg, eb = (float(glow) * c for c in _numbers(row.get("emissiveFactor", (0, 0, 0)), 3))
        normal = row.get("normalTexture")
        return Material(
            name,
            Shading.UNLIT if "KHR_materials_unlit" in more else Shading.PBR,
            (r, g, b, a),
            self._map(base, keep_alpha=alpha is not Alpha.OPAQUE),
            (er, eg, eb),
            self._map(row.get("emissiveTexture")),
            self._map(normal, strength=float(normal.get("scale", 1.0)) if normal else 1.0),
            float(pbr.get("metallicFactor", metallic)),
            float(pbr.get("roughnessFactor", 1.0)),
            self._map(pbr.get("metallicRoughnessTexture")),
            self._map(row.get("occlusionTexture")),
            alpha,
            float(row.get("alphaCutoff", 0.5)),
            bool(row.get("doubleSided", False)),
        )

    def _map(
        self, info: dict[str, Any] | None, *, keep_alpha: bool = False, strength: float = 1.0
    ) -> Map:
        if info is None:
            return Map()
        move = info.get("extensions", {}).get("KHR_texture_transform", {})
        if move.get("texCoord", info.get("texCoord", 0)) != 0:
            self._note("a texture on a second UV set is left out")
            return Map()
        index = self._texture(int(info["index"]), keep_alpha)
        (ox, oy), (sx, sy) = move.get("offset", (0, 0)), move.get("scale", (1, 1))
        turn = float(move.get("rotation", 0.0))
        return Map(index, (float(ox), float(oy)), (float(sx), float(sy)), turn, strength)

    def _texture(self, index: int, keep_alpha: bool) -> int:
        row = self._file.rows("textures")[index]
        webp = row.get("extensions", {}).get("EXT_texture_webp", {})
        source = webp.get("source", row.get("source"))
        if source is None:
            self._note("a texture without a readable picture is left out")
            return -1
        sampler = self._file.rows("samplers")[row["sampler"]] if "sampler" in row else {}
        wrap = (sampler.get("wrapS", REPEAT) == REPEAT, sampler.get("wrapT", REPEAT) == REPEAT)
        key = (int(source), *wrap, keep_alpha)
        if key not in self._known:
            picture = self._file.rows("images")[int(source)]
            rgba = self._decode(picture, f"picture {source}")
            self._known[key] = -1
            if rgba is not None:
                if not keep_alpha:
                    rgba[..., 3] = 255  # many exporters leave junk in the alpha of opaque pictures
                self._known[key] = len(self.textures)
                self.textures.append(Texture(str(picture.get("name", f"{source}")), rgba, *wrap))
        return self._known[key]

    def _decode(self, row: dict[str, Any], what: str) -> Any:
        """(h, w, 4) uint8, owned, at most 1024 px a side; None (and a problem) when unreadable."""
        from PIL import Image

        if "bufferView" not in row:
            self._note(f"{what} lies outside the file and is left out")
            return None
        data = bytes(self._file.view(int(row["bufferView"])))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # oddities of metadata are not ours to report
                image: Image.Image = Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP"))
                if image.width * image.height > MAX_PICTURE_PX:
                    self._note(f"{what} has {image.width} x {image.height} pixels, left out")
                    return None
                image.draft("RGB", (MAX_SIDE_PX, MAX_SIDE_PX))
                image = image.convert("RGBA")
                if max(image.size) > MAX_SIDE_PX:
                    image.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX), Image.Resampling.LANCZOS)
                return np.array(image, np.uint8)
        except (ArithmeticError, OSError, RuntimeError, SyntaxError, TypeError, ValueError) as e:
            self._note(f"{what} cannot be decoded ({type(e).__name__}) and is left out")
            return None

    def _note(self, problem: str) -> None:
        if problem not in self._problems:
            self._problems.append(problem)


def _numbers(values: Any, count: int) -> tuple[float, ...]:
    out = tuple(float(v) for v in values)
    if len(out) != count or not all(np.isfinite(out)):
        raise ValueError(f"{values!r:.60} is not {count} numbers")
    return out
