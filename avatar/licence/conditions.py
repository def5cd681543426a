"""The terms of a licence, one by one: what each finds in a model and a show's purpose.

Clauses are those of VRM Public License 1.0, whose fields these are; VRM 0.x has no such document,
so its own captions stand in. The reasons for every reading are in docs/decisions/licence-gate.md.
"""

from __future__ import annotations

from avatar.licence.decision import Finding
from avatar.licence.purpose import Cover, Purpose
from avatar.licence.terms import VRM_PUBLIC_LICENSE, Meta

_LEVEL = {"personalNonProfit": 0, "personalProfit": 1, "corporation": 2}
_NEEDED = {"personal": 0, "personal-profit": 1, "corporate": 2}
_GRANTED = {
    "personalNonProfit": "use by individuals without profit only",
    "personalProfit": "use by individuals, with or without profit, but not by organisations",
    "corporation": "use by everybody, organisations too",
}
_DECLARE = (
    'If it is yours, say so: [purpose] performer = "author". If you were given leave, say by whom '
    'and where: performer = "licensed" and permission = "…".'
)
_EXPRESSIONS: tuple[tuple[Cover, str, str, str], ...] = (
    ("violent", "allow_excessively_violent_usage", "excessively violent expressions", "3(d)(1)"),
    ("sexual", "allow_excessively_sexual_usage", "excessively sexual expressions", "3(d)(2)"),
    ("antisocial", "allow_antisocial_or_hate_usage", "antisocial or hate expressions", "3(d)(3)"),
    (
        "political",
        "allow_political_or_religious_usage",
        "political or religious expressions",
        "3(d)(4)",
    ),
)


def wearing(meta: Meta, purpose: Purpose) -> Finding | None:
    """Who may perform as this avatar.

    A person in front of a camera who makes no money from it most likely wears an avatar of their
    own: such a show goes on, and is told every time on what belief. Money, an organisation or a
    machine behind the face end that belief.
    """
    if meta.avatar_permission == "everyone" or purpose.performer != "unsaid":
        return None
    if not meta.stated:
        who = (
            "The file states no licence, so nobody but its author is known to be allowed to wear it"
        )
    elif meta.avatar_permission == "onlyAuthor":
        who = "Its licence lets nobody but its author perform as this avatar"
    else:
        who = "Its licence lets only people with a licence of their own perform as this avatar"
    source = meta.source("avatar_permission")
    clause = _clause(meta, "3(c), 1(p)", "A person who can perform with this avatar")
    if purpose.use == "personal" and not purpose.ai_driven:
        return Finding(
            "licence.presumed",
            "note",
            f"{who}. The show takes you for that person, since it is personal and you have not "
            "said otherwise",
            source,
            clause,
            _DECLARE,
        )
    why = "is driven by a machine" if purpose.ai_driven else f"is declared {purpose.use}"
    return Finding(
        "licence.undeclared",
        "refuse",
        f"{who}; this show {why} and does not say who performs",
        source,
        clause,
        _DECLARE,
    )


def commerce(meta: Meta, purpose: Purpose) -> Finding | None:
    """Profit and organisations."""
    if _LEVEL[meta.commercial_usage] >= _NEEDED[purpose.use] or freed(purpose, "commercial"):
        return None
    if meta.stated:
        says = f"Its licence grants {_GRANTED[meta.commercial_usage]}"
    else:
        says = "The file states no licence, so only use without profit is presumed"
    return Finding(
        "licence.commercial",
        "refuse",
        f"{says}; this show is declared {purpose.use}",
        meta.source("commercial_usage"),
        _clause(meta, "2(a)(2), 2(a)(3)", "For commercial use"),
        'Declare the show as it is: [purpose] use = "personal"; or get permission and write '
        'covers = ["commercial"].',
    )


def expressions(meta: Meta, purpose: Purpose) -> list[Finding]:
    """What may not be shown with this avatar."""
    captions = {
        c: f"Permission to perform {c} acts with this avatar" for c in ("violent", "sexual")
    }
    found = []
    for cover, term, what, clause in _EXPRESSIONS:
        if not getattr(purpose, cover) or getattr(meta, term) or freed(purpose, cover):
            continue
        says = f"Its licence does not allow {what} with this avatar"
        if not meta.stated:
            says = f"The file states no licence, which does not allow {what} with this avatar"
        found.append(
            Finding(
                f"licence.{cover}",
                "refuse",
                f"{says}; this show declares {cover} content",
                meta.source(term),
                _clause(meta, clause, captions.get(cover, "")),
                f'Leave it out: [purpose] {cover} = false; or get permission and write covers = ["'
                f'{cover}"].',
            )
        )
    return found


def redistribution(meta: Meta, purpose: Purpose) -> Finding | None:
    """Handing the model itself to viewers. Pictures of it are no redistribution (1(k))."""
    if not purpose.send_mesh or meta.allow_redistribution or freed(purpose, "redistribution"):
        return None
    says = "Its licence does not allow the model to be passed on"
    if not meta.stated:
        says = "The file states no licence, which does not allow the model to be passed on"
    return Finding(
        "licence.redistribution",
        "degrade",
        f"{says}: viewers get pictures drawn here instead of the model itself",
        meta.source("allow_redistribution"),
        _clause(meta, "1(k), 2(a)(1)(A)", "Redistribution / Modifications License"),
        'With permission to send it, write covers = ["redistribution"].',
    )


def credit(meta: Meta, purpose: Purpose, line: str) -> Finding | None:
    """The maker's name in the picture."""
    if meta.credit_notation == "unnecessary" or not line or freed(purpose, "credit"):
        return None
    says = "wants its maker named"
    if "credit_notation" not in meta.said:
        says = "does not say that its maker may go unnamed"
    return Finding(
        "licence.credit",
        "credit",
        f"Its licence {says}: a credit is drawn into the picture",
        meta.source("credit_notation"),
        f"{meta.document}, 3(a)" if _is_cc(meta) else _clause(meta, "3(a)(1)", ""),
    )


def remarks(meta: Meta, purpose: Purpose) -> list[Finding]:
    """What only a person can read, and what was declared."""
    found = []
    if purpose.performer == "author":
        found.append(
            Finding(
                "licence.declared",
                "note",
                "Whoever makes this show declares to be the model's author or owner, whom its "
                "licence does not bind",
                meta.source("avatar_permission"),
            )
        )
    if purpose.performer == "licensed":
        covered = f", covering also: {', '.join(sorted(purpose.covers))}" if purpose.covers else ""
        found.append(
            Finding(
                "licence.declared",
                "note",
                f"Whoever makes this show declares a permission from “{purpose.permission}”"
                f"{covered}",
                meta.source("avatar_permission"),
                _clause(meta, "6(b)", ""),
            )
        )
    for term, what in (
        (
            "other_license_url",
            "further conditions stand at an address that nobody has read for you",
        ),
        ("third_party_licenses", "parts of it are under licences of others"),
    ):
        if getattr(meta, term) and term in meta.said:
            found.append(
                Finding(
                    "licence.other",
                    "note",
                    f"Its licence is not all: {what}",
                    meta.source(term),
                    _clause(meta, "2(a)(4)", ""),
                    "Read them before the show.",
                )
            )
    return found


def freed(purpose: Purpose, cover: Cover) -> bool:
    """Whether a declaration lifts the licence's term: an owner's, or a permission's that covers it.

    An author is the licensor, whom the own licence does not bind; a permission stands beside the
    licence, independent of it (VRM Public License 1.0, section 6(b)), as far as it reaches.
    """
    if purpose.performer == "author":
        return True
    return purpose.performer == "licensed" and cover in purpose.covers


def _clause(meta: Meta, section: str, caption: str) -> str:
    if meta.document == VRM_PUBLIC_LICENSE:
        return f"{VRM_PUBLIC_LICENSE}, {section}"
    return f"VRM 0.x, “{caption}”" if meta.extension == "VRM" and caption else ""


def _is_cc(meta: Meta) -> bool:
    return meta.document.startswith("CC BY")
