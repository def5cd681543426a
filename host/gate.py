"""The licence gate of a show: which file, which purpose, what was decided; said and kept."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from avatar.licence.decide import decide, summary
from avatar.licence.decision import Decision, Kind
from avatar.licence.purpose import Purpose
from avatar.licence.terms import Meta
from avatar.rig.avatar import Avatar
from flow.errors import LicenceError
from host.log import Voice

SAID: dict[Kind, str] = {
    "allow": "allowed",
    "allow_with_credit": "allowed, with the maker's credit drawn",
    "degrade": "allowed as pictures; the model itself is not sent",
    "refuse": "refused",
}


@dataclass(frozen=True, slots=True)
class Licence:
    """What was decided for one avatar in one show."""

    name: str
    file: str
    """The file's name, without its folder."""
    sha256: str
    document: str
    purpose: Purpose
    decision: Decision

    @property
    def send_mesh(self) -> bool:
        """Whether the model itself may go to viewers."""
        return self.decision.send_mesh

    def enforce(self) -> None:
        """Refuse what the licence refuses.

        Raises:
            LicenceError: ``licence.undeclared`` when a declaration is all that is missing, else
                ``licence.refused``; with every reason.
        """
        refusing = self.decision.having("refuse")
        if not refusing:
            return
        reasons = "".join(f"\n  {finding}." for finding in refusing)
        advice = "".join(f"\n{a}" for a in dict.fromkeys(f.advice for f in refusing))
        message = f"{self.name} ({self.file}) may not be used in this show:{reasons}"
        if all(f.code == "licence.undeclared" for f in refusing):
            raise LicenceError(message, code="licence.undeclared", hint=advice)
        raise LicenceError(message, code="licence.refused", hint=advice)

    def say(self, voice: Voice) -> None:
        """Tell and log: the file's hash, the decision and what it stands on.

        Reasons to refuse are told by `enforce`.
        """
        under = f" under {self.document}" if self.document else ", no licence is stated"
        voice.say(
            f"Licence: {self.name} for {self.purpose.use} use{under}: "
            f"{SAID[self.decision.kind]} (model sha256 {self.sha256})."
        )
        for finding in self.decision.findings:
            if finding.code == "licence.presumed" or finding.effect == "degrade":
                voice.warn(f"Licence: {finding}. {finding.advice}".strip())
            elif finding.effect != "refuse":
                voice.say(f"Licence: {finding}. {finding.advice}".strip())

    def as_dict(self) -> dict[str, Any]:
        """As plain data, for the report. Contact details of the maker are left out."""
        purpose = asdict(self.purpose)
        purpose["covers"] = sorted(self.purpose.covers)
        return {
            "avatar": self.name,
            "file": self.file,
            "sha256": self.sha256,
            "licence": self.document,
            "purpose": purpose,
            **self.decision.as_dict(),
        }


def judge(avatar: Avatar, purpose: Purpose) -> Licence:
    """Hold an avatar's licence against a show's purpose.

    Raises:
        OSError: The file has gone since it was loaded.
    """
    return Licence(
        name=avatar.name,
        file=avatar.path.name,
        sha256=sha256_of(avatar.path),
        document=avatar.meta.document,
        purpose=purpose,
        decision=decide(avatar.meta, purpose),
    )


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def table(meta: Meta) -> list[str]:
    """One sentence for each use: what a show that says nothing else would meet."""
    lines = []
    for use, decision in summary(meta).items():
        said = "refused" if decision.refused else "allowed"
        if not decision.refused:
            said += ", model may be sent" if decision.send_mesh else ", as pictures only"
            said += ", credit drawn" if decision.credit else ""
        if any(f.code == "licence.presumed" for f in decision.findings):
            said += ", if you are who may wear it"
        why = "; ".join(str(f.source) for f in decision.having("refuse"))
        lines.append(f"{use}: {said}" + (f" ({why})" if why else ""))
    return lines
