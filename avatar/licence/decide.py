"""The licence gate: from a model's terms and a show's purpose to what may be done."""

from __future__ import annotations

from avatar.licence import conditions
from avatar.licence.credit import credit_line
from avatar.licence.decision import Decision
from avatar.licence.purpose import USES, Purpose, Use
from avatar.licence.terms import Meta


def decide(meta: Meta, purpose: Purpose) -> Decision:
    """Hold `purpose` against every term of `meta`; all findings are kept, the strictest decides.

    Pure: the same terms and purpose always give the same decision.
    """
    line = credit_line(meta)
    passing_on = conditions.redistribution(meta, purpose)
    naming = conditions.credit(meta, purpose, line)
    found = [
        conditions.wearing(meta, purpose),
        conditions.commerce(meta, purpose),
        *conditions.expressions(meta, purpose),
        passing_on,
        naming,
        *conditions.remarks(meta, purpose),
    ]
    findings = tuple(f for f in found if f is not None)
    refused = any(f.effect == "refuse" for f in findings)
    return Decision(
        findings=findings,
        send_mesh=purpose.send_mesh and passing_on is None and not refused,
        credit=line if naming is not None else "",
    )


def summary(meta: Meta) -> dict[Use, Decision]:
    """What each use would meet with an undeclared performer, who wants to send the mesh too."""
    return {use: decide(meta, Purpose(use=use, send_mesh=True)) for use in USES}
