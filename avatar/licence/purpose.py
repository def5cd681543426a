"""What a show wants to do with an avatar, and who says that he may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Use = Literal["personal", "personal-profit", "corporate"]
USES: tuple[Use, ...] = ("personal", "personal-profit", "corporate")
"""From the least demanding to the most."""

Performer = Literal["unsaid", "author", "licensed"]
Cover = Literal[
    "commercial", "violent", "sexual", "political", "antisocial", "redistribution", "credit"
]


@dataclass(frozen=True, slots=True)
class Purpose:
    """A show's declaration. Whoever makes the show answers for it; it is logged as it stands."""

    use: Use = "personal"
    """Without profit; an individual's with profit (donations, advertising); an organisation's."""
    performer: Performer = "unsaid"
    """``author``: the model is the performer's own work or belongs to whom the show is made for;
    ``licensed``: somebody who may has allowed it apart from the file."""
    permission: str = ""
    """With ``licensed``: who gave the permission and where it is written."""
    covers: frozenset[Cover] = frozenset()
    """What that permission allows beside wearing the avatar."""
    send_mesh: bool = False
    """Whether the model itself shall go to viewers' devices, not only pictures of it."""
    ai_driven: bool = False
    violent: bool = False
    """Excessively so, as the licence defines it; likewise below."""
    sexual: bool = False
    political: bool = False
    """Or religious."""
    antisocial: bool = False
    """Or hateful."""
