"""What the licence gate found, and what follows from all findings together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from avatar.licence.terms import Statement

Effect = Literal["refuse", "degrade", "credit", "note"]
Kind = Literal["allow", "allow_with_credit", "degrade", "refuse"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One term of a licence that bears on this show."""

    code: str
    """Stable, such as ``licence.commercial``."""
    effect: Effect
    sentence: str
    """What the licence says and how the show stands to it."""
    source: Statement
    """The field of the file that says so."""
    clause: str = ""
    """The passage of the licence document that gives the field its meaning."""
    advice: str = ""
    """What the user can do about it."""

    def __str__(self) -> str:
        basis = f"{self.source}; {self.clause}" if self.clause else str(self.source)
        return f"{self.sentence} [{basis}]"

    def as_dict(self) -> dict[str, str]:
        """As plain data, for reports."""
        return {
            "code": self.code,
            "effect": self.effect,
            "sentence": self.sentence,
            "field": self.source.field,
            "value": self.source.value,
            "clause": self.clause,
            "advice": self.advice,
        }


@dataclass(frozen=True, slots=True)
class Decision:
    """Everything found. `kind` is the strictest of it; credit and mesh stand on their own."""

    findings: tuple[Finding, ...]
    send_mesh: bool
    """Whether the model itself may go to viewers: asked for and allowed."""
    credit: str
    """What must be drawn into the picture; empty when nothing."""

    @property
    def refused(self) -> bool:
        """Whether the show may not be made with this avatar."""
        return bool(self.having("refuse"))

    @property
    def kind(self) -> Kind:
        """The strictest effect."""
        if self.refused:
            return "refuse"
        if self.having("degrade"):
            return "degrade"
        return "allow_with_credit" if self.credit else "allow"

    def having(self, effect: Effect) -> tuple[Finding, ...]:
        """The findings with this effect, in the order of judgement."""
        return tuple(f for f in self.findings if f.effect == effect)

    def as_dict(self) -> dict[str, Any]:
        """As plain data, for reports."""
        return {
            "decision": self.kind,
            "credit": self.credit,
            "send_mesh": self.send_mesh,
            "findings": [f.as_dict() for f in self.findings],
        }
