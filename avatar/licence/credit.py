"""The credit that a licence asks for, as one line of text."""

from __future__ import annotations

import unicodedata

from avatar.licence.terms import VRM_PUBLIC_LICENSE, Meta

LONGEST_NAME, LONGEST_NOTICE = 60, 120
"""Characters."""
MOST_AUTHORS = 4

_ADDRESSES = {
    VRM_PUBLIC_LICENSE: "vrm.dev/licenses/1.0",
    "CC BY 4.0": "creativecommons.org/licenses/by/4.0",
    "CC BY-NC 4.0": "creativecommons.org/licenses/by-nc/4.0",
    "CC BY-SA 4.0": "creativecommons.org/licenses/by-sa/4.0",
    "CC BY-NC-SA 4.0": "creativecommons.org/licenses/by-nc-sa/4.0",
    "CC BY-ND 4.0": "creativecommons.org/licenses/by-nd/4.0",
    "CC BY-NC-ND 4.0": "creativecommons.org/licenses/by-nc-nd/4.0",
}


def credit_line(meta: Meta) -> str:
    """Title, authors, copyright notice, licence and its address, as far as the file gives them.

    That is what VRM Public License 1.0, section 3(a)(1) and CC BY 4.0, section 3(a)(1) ask to keep.
    Names come from a stranger's file: nothing in them can steer the text's direction or break it.
    """
    names = [printable(a) for a in meta.authors]
    names = [n for n in names if n and n.lower() != "undefined"]  # an exporter's placeholder
    if len(names) > MOST_AUTHORS:
        names = [*names[:MOST_AUTHORS], f"{len(names) - MOST_AUTHORS} more"]
    title = printable(meta.name)
    if title.lower() == "undefined":
        title = ""
    notice = printable(meta.copyright_information, LONGEST_NOTICE)
    address = _ADDRESSES.get(meta.document)
    if not (names or notice or address):
        return ""  # there is nobody to be named
    parts = [f"Avatar: {title}" if title else "Avatar"]
    if names:
        parts[0] += f" by {', '.join(names)}"
    if notice:
        parts.append(notice)
    if address:
        parts.append(f"{meta.document} ({address})")
    return " · ".join(parts)


def printable(text: str, longest: int = LONGEST_NAME) -> str:
    """`text` in one line of at most `longest` characters, without control and format characters."""
    kept = []
    for character in text:
        category = unicodedata.category(character)
        if category == "Cc" or category[0] == "Z":
            kept.append(" ")
        elif category[0] != "C":
            kept.append(character)
    line = " ".join("".join(kept).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
