"""How much work a picture may cost, and giving some of it up when the machine cannot keep up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quality:
    """What may be given up. `supersample` > 1 smooths edges (multisampling on GL)."""

    supersample: float = 1.5
    outline: bool = True
    shadow: bool = True
