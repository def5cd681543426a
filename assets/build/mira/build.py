"""Puts the pieces of Mira together."""

from __future__ import annotations

from assets.build.mira import clothes, collar, face, hair, hand, trimmings, vrm
from assets.build.mira.look import LOOK, Look
from assets.build.mira.mesh import join, mirror, swap_sides
from assets.build.mira.texture import paint


def build(look: Look = LOOK) -> tuple[bytes, int]:
    """The VRM file's bytes and its number of triangles."""
    left = hand.build_hand()
    pieces = {
        "Face": [face.build_skin()],
        "Eyes": [trimmings.build_eyes()],
        "Lids": [trimmings.build_lids()],
        "Brows": [trimmings.build_brows()],
        "Mouth": [trimmings.build_mouth()],
        "Body": [
            join([clothes.skin_neck(), collar.ears(), left, mirror(left, swap_sides)]),
            join([*clothes.build_clothes(), *collar.hair_clip()]),
        ],
        "Hair": [hair.build_hair()],
    }
    chains = [*hair.hair_chains(), *clothes.skirt_chains()]
    data = vrm.write(pieces, chains, paint(look), look)
    return data, sum(len(p.triangles) for parts in pieces.values() for p in parts)
