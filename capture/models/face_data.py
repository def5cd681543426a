"""Our own face data: a neutral face, how rigid each point is, and the map from points to weights.

Made by ``assets/build/face_weights.py``; its docstring says from what. The file is loaded once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

import numpy as np

from flow.errors import AssetError
from flow.spec import F32, Spec, faults

FILE = Path(__file__).with_name("face_weights.npz")
EYE_DISTANCE_M = 0.063
"""Between the pupils: the adult mean. Whoever differs is put nearer or farther in proportion."""


@dataclass(frozen=True, slots=True)
class FaceData:
    """What the file holds, as float32."""

    neutral: Annotated[F32, Spec((478, 3), "metres, head axes, weighted centre at the origin")]
    rigid: Annotated[F32, Spec((478,), "how much each point counts for the head's pose; sum 1")]
    matrix: Annotated[F32, Spec((1434, 52), "weights per eye distance of displacement")]
    offset: Annotated[F32, Spec((52,), "weights of the neutral face")]


@cache
def face_data() -> FaceData:
    """The built-in data.

    Raises:
        AssetError: ``models.face_data`` when the installation is damaged.
    """
    try:
        with np.load(FILE) as file:
            fields = {k: file[k].astype(np.float32) for k in FaceData.__dataclass_fields__}
    except (OSError, ValueError, KeyError) as error:
        raise _damaged(str(error)) from error
    data = FaceData(**fields)
    if wrong := faults(data):
        raise _damaged("; ".join(wrong))
    return data


def _damaged(why: str) -> AssetError:
    return AssetError(
        f"The built-in face data {FILE.name} cannot be used: {why}.",
        code="models.face_data",
        hint="Install Mirrorstage again.",
    )
