"""Puts the pieces of Mira together."""

from __future__ import annotations

from assets.build.mira import (
    clothes,
    collar,
    eyes,
    face,
    hair,
    hair_springs,
    hand,
    mouth,
    skirt,
    vrm,
)
from assets.build.mira.look import LOOK, Look
from assets.build.mira.mesh import join, mirror, swap_sides
from assets.build.mira.texture import paint


def build(look: Look = LOOK) -> tuple[bytes, int]:
    """The VRM file's bytes and its number of triangles."""
    left = hand.build_hand()
    pieces = {
        "Face": [face.build_skin()],
        "Eyes": [eyes.build_eyes()],
        "Lids": [eyes.build_lids()],
        "Brows": [eyes.build_brows()],
        "Mouth": [mouth.build_mouth()],
        "Body": [
            join([clothes.skin_neck(), collar.ears(), left, mirror(left, swap_sides)]),
            join([*clothes.build_clothes(), *collar.hair_clip()]),
        ],
        "Hair": hair.build_hair(),
    }
    chains = [*hair_springs.hair_chains(), *skirt.skirt_chains()]
    data = vrm.write(pieces, chains, paint(look), look)
    return data, sum(len(p.triangles) for parts in pieces.values() for p in parts)
