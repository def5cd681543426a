"""Accessors: typed arrays inside the file's bytes (glTF 2.0, section 3.6.2).

Handles interleaved and unaligned views, normalised integers, accessors without a buffer view
(zeros: common for empty morph targets) and sparse ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar.read.document import Document
from avatar.read.jsonat import At
from flow.spec import F32, U32

_COMPONENTS: dict[int, tuple[str, float]] = {
    5120: ("<i1", 127.0),
    5121: ("<u1", 255.0),
    5122: ("<i2", 32767.0),
    5123: ("<u2", 65535.0),
    5125: ("<u4", 4294967295.0),
    5126: ("<f4", 0.0),
}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
MOST_ELEMENTS = 1 << 25
_LARGEST = 1e9


class Accessors:
    """Reads accessors of one document. Arrays are fresh copies, never views of the file."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._all = document.root.get("accessors")

    def raw(self, ref: At) -> NDArray[Any]:
        """(count, width) numbers in the file's own type; normalised integers become floats."""
        at = self._all.element(ref, "accessor")
        count = at.get("count").integer(low=1, high=MOST_ELEMENTS)
        kind, component = at.get("type"), at.get("componentType")
        if kind.text() not in _WIDTHS:
            raise kind.fault(f"is {kind.value!r}, which is not read")
        if component.integer() not in _COMPONENTS:
            raise component.fault(f"is {component.value}, which is no component type")
        width = _WIDTHS[kind.text()]
        dtype, scale = _COMPONENTS[component.integer()]
        size = np.dtype(dtype).itemsize
        self._document.budget.check(count * width * max(size, 4), at)
        view = at.get("bufferView")
        if view.absent:
            values = np.zeros((count, width), dtype)
        else:
            values = self._strided(at, view, count, width, dtype)
        if not at.get("sparse").absent:
            self._sparse(at.get("sparse"), values, width, dtype)
        if at.get("normalized").flag() and scale:
            unit: F32 = values.astype(np.float32)
            unit /= np.float32(scale)
            np.maximum(unit, np.float32(-1.0), out=unit)
            return unit
        return values

    def floats(self, ref: At, width: int, *, mend: bool = False) -> F32:
        """(count, width) float32. Not finite: refused, or zeros with a problem when `mend`."""
        values = self.raw(ref)
        if values.shape[1] != width:
            raise ref.fault(f"has {values.shape[1]} numbers an element instead of {width}")
        out: F32 = values.astype(np.float32, copy=False)
        with np.errstate(invalid="ignore"):
            # The extremes are not numbers where any is none: no copy of the array to find out.
            good = bool(out.max() < _LARGEST and out.min() > -_LARGEST)
        if not good:
            if not mend:
                raise ref.fault("has numbers that are not finite or absurd", code="asset.nan")
            self._document.problems.add(
                "asset.nan", ref, "has numbers that are not finite or absurd", "They count as zero."
            )
            with np.errstate(invalid="ignore"):
                out[~(np.abs(out) < _LARGEST)] = 0.0
        return out

    def integers(self, ref: At, width: int) -> U32:
        """(count, width) unsigned integers."""
        values = self.raw(ref)
        if values.shape[1] != width:
            raise ref.fault(f"has {values.shape[1]} numbers an element instead of {width}")
        if values.dtype.kind != "u":
            raise ref.fault("does not have unsigned integers")
        return values.astype(np.uint32, copy=False)

    def _strided(self, at: At, ref: At, count: int, width: int, dtype: str) -> NDArray[Any]:
        data, stride, _ = self._document.view(ref)
        size = np.dtype(dtype).itemsize
        stride = stride or size * width
        offset = at.get("byteOffset").integer(0)
        if stride < size * width:
            raise at.fault("has elements wider than the byteStride of its buffer view")
        if offset + stride * (count - 1) + size * width > len(data):
            raise at.fault("reaches past the end of its buffer view", code="asset.range")
        strided: NDArray[Any] = np.ndarray(
            (count, width), dtype, data, offset=offset, strides=(stride, size)
        )
        return strided.copy()

    def _sparse(self, at: At, values: NDArray[Any], width: int, dtype: str) -> None:
        count = at.get("count").integer(low=1, high=len(values))
        where, what = at.get("indices"), at.get("values")
        component = where.get("componentType")
        if component.integer() not in (5121, 5123, 5125):
            raise component.fault(f"is {component.value}, not an unsigned integer type")
        kind = _COMPONENTS[component.integer()][0]
        places = self._strided(where, where.get("bufferView"), count, 1, kind)[:, 0]
        if int(places.max()) >= len(values):
            raise where.fault("points past the end of its accessor", code="asset.range")
        values[places] = self._strided(what, what.get("bufferView"), count, width, dtype)
