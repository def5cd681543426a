"""The licence gate keeps order: freer terms never meet a stricter decision, nor greater wishes a
laxer one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from avatar.licence.decide import decide
from avatar.licence.decision import Decision
from avatar.licence.purpose import USES, Cover, Purpose
from avatar.licence.terms import CommercialUsage, CreditNotation, Meta, Permission
from avatar.read.jsonat import At
from avatar.read.meta import meta_from_vrm1
from avatar.read.meta0 import meta_from_vrm0
from avatar.read.problem import Problems

ORDERS: dict[str, tuple[Any, ...]] = {
    "avatar_permission": get_args(Permission),
    "commercial_usage": get_args(CommercialUsage),
    "credit_notation": get_args(CreditNotation),
    "allow_redistribution": (False, True),
    "allow_excessively_violent_usage": (False, True),
    "allow_excessively_sexual_usage": (False, True),
    "allow_political_or_religious_usage": (False, True),
    "allow_antisocial_or_hate_usage": (False, True),
}
"""Each term's values from the strictest to the freest."""
WISHES: dict[str, tuple[Any, ...]] = {
    "use": USES,
    "send_mesh": (False, True),
    "ai_driven": (False, True),
    "violent": (False, True),
    "sexual": (False, True),
    "political": (False, True),
    "antisocial": (False, True),
}
"""Each wish from the least demanding to the most."""

terms = st.builds(
    Meta,
    name=st.just("Nana"),
    authors=st.sampled_from([(), ("Mako",)]),
    stated=st.booleans(),
    document=st.sampled_from(["", "VRM Public License 1.0", "CC BY 4.0", "VRM 0.x"]),
    extension=st.sampled_from(["VRM", "VRMC_vrm"]),
    **{name: st.sampled_from(values) for name, values in ORDERS.items()},
)
purposes = st.builds(
    Purpose,
    performer=st.sampled_from(["unsaid", "author", "licensed"]),
    permission=st.just("a letter"),
    covers=st.frozensets(st.sampled_from(get_args(Cover))),
    **{name: st.sampled_from(values) for name, values in WISHES.items()},
)


def no_stricter(freer: Decision, than: Decision) -> bool:
    """Whether `freer` takes nothing away that `than` gives."""
    if than.refused:
        return True
    return not freer.refused and (bool(freer.credit) <= bool(than.credit))


@given(terms, purposes, st.sampled_from(sorted(ORDERS)), st.data())
def test_freer_terms_must_never_meet_a_stricter_decision(
    meta: Meta, purpose: Purpose, name: str, data: st.DataObject
) -> None:
    order = ORDERS[name]
    freer = data.draw(st.sampled_from(order[order.index(getattr(meta, name)) :]))
    before, after = decide(meta, purpose), decide(replace(meta, **{name: freer}), purpose)
    assert no_stricter(after, before)
    assert after.send_mesh >= before.send_mesh


@given(terms, purposes, st.sampled_from(sorted(WISHES)), st.data())
def test_greater_wishes_must_never_meet_a_laxer_decision(
    meta: Meta, purpose: Purpose, name: str, data: st.DataObject
) -> None:
    order = WISHES[name]
    greater = data.draw(st.sampled_from(order[order.index(getattr(purpose, name)) :]))
    before, after = decide(meta, purpose), decide(meta, replace(purpose, **{name: greater}))
    assert no_stricter(before, after)
    if before.send_mesh and not after.send_mesh:
        assert after.refused
    if name != "send_mesh":
        assert after.send_mesh <= before.send_mesh


@given(terms, purposes)
def test_declaring_more_rights_must_never_take_any(meta: Meta, purpose: Purpose) -> None:
    unsaid = decide(meta, replace(purpose, performer="unsaid"))
    licensed = decide(meta, replace(purpose, performer="licensed"))
    author = decide(meta, replace(purpose, performer="author"))
    assert no_stricter(licensed, unsaid)
    assert no_stricter(author, licensed)
    assert not author.refused
    assert unsaid.send_mesh <= licensed.send_mesh <= author.send_mesh


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["everyone", "Everyone", "Allow", "CC0", "corporation", "unnecessary"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)  # fmt: skip
KEYS_1 = (
    "name", "authors", "licenseUrl", "avatarPermission", "commercialUsage", "creditNotation",
    "allowRedistribution", "allowExcessivelyViolentUsage", "modification", "thirdPartyLicenses",
    "otherLicenseUrl", "copyrightInformation", "references",
)  # fmt: skip
KEYS_0 = (
    "title", "author", "allowedUserName", "violentUssageName", "sexualUssageName", "licenseName",
    "commercialUssageName", "otherPermissionUrl", "otherLicenseUrl", "reference",
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(KEYS_1 + KEYS_0), anything), purposes)
def test_whatever_a_file_says_must_give_a_decision(said: dict[str, Any], purpose: Purpose) -> None:
    """And a term is free only where its very word stands."""
    at = At(said, "meta")
    new, old = meta_from_vrm1(at, Problems()), meta_from_vrm0(at, Problems())
    for meta in (new, old):
        assert decide(meta, purpose).kind in ("allow", "allow_with_credit", "degrade", "refuse")
    assert new.allow_redistribution == (said.get("allowRedistribution") is True)
    assert (new.avatar_permission == "everyone") == (said.get("avatarPermission") == "everyone")
    assert (old.avatar_permission == "everyone") == (said.get("allowedUserName") == "Everyone")
    assert (old.commercial_usage == "corporation") <= (said.get("commercialUssageName") == "Allow")
