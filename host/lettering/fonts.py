"""Which font of this machine can draw which character.

No font is shipped (one with Chinese and Japanese weighs ten megabytes), so the system's are looked
for: well-known ones first, then whatever lies in its font folders. Pillow's own small Latin font is
the last resort. A character counts as present when it looks different from the font's "missing"
glyph: Pillow offers no better question.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

from PIL import ImageFont

Font = ImageFont.FreeTypeFont

PREFERRED = (
    "NotoSans-Regular", "DejaVuSans", "LiberationSans-Regular", "segoeui", "arial", "HelveticaNeue",
    "NotoSansCJK-Regular", "NotoSansCJKjp-Regular", "SourceHanSans-Regular", "wqy-microhei",
    "wqy-zenhei", "DroidSansFallbackFull", "msyh", "YuGothM", "meiryo", "msgothic", "malgun",
    "PingFang", "Hiragino Sans GB", "AppleSDGothicNeo", "Arial Unicode",
)  # fmt: skip
"""File names without suffix: plain sans-serif faces, Latin first, then those that have CJK."""
SCRIPTS = {"Latin": "é", "Cyrillic": "ж", "Chinese": "猫", "Japanese": "ぃ", "Korean": "홍"}
"""A letter of each script that makers' names are most often written in."""
SUFFIXES = (".ttf", ".ttc", ".otf")
MOST_FILES = 400
"""A font folder can hold thousands; so many are tried for a character that the known ones lack."""
_NEVER = "\U0010ffff"
"""A code point that no font may have."""


def font_folders() -> list[Path]:
    """Where this system keeps fonts."""
    home = Path.home()
    if sys.platform == "win32":
        windows = Path(os.environ.get("WINDIR", r"C:\Windows"))
        local = Path(os.environ.get("LOCALAPPDATA", home))
        return [windows / "Fonts", local / "Microsoft" / "Windows" / "Fonts"]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library" / "Fonts"]
    data = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    shared = [Path(d) / "fonts" for d in data.split(":") if d]
    return [*shared, home / ".local" / "share" / "fonts", home / ".fonts"]


class FontBook:
    """Fonts of one size, opened as they are needed.

    Args:
        size_px: Height of an em.
        folders: Where to look; the system's own by default.
    """

    def __init__(self, size_px: int, folders: Sequence[Path] | None = None) -> None:
        self.size_px = size_px
        self._folders = font_folders() if folders is None else folders
        self._opened: list[Font] = []
        self._found: dict[str, Font | None] = {}
        self._waiting = self._candidates()

    @cached_property
    def last_resort(self) -> Font:
        """Pillow's own font: Latin only, and always there."""
        font = ImageFont.load_default(self.size_px)
        assert isinstance(font, Font)
        return font

    def runs(self, text: str) -> list[tuple[str, Font]]:
        """`text` cut into pieces that one font each can draw; marks stay with their letters."""
        out: list[tuple[str, Font]] = []
        for character in text:
            before = out[-1][1] if out else self.first
            joined = character.isspace() or unicodedata.category(character)[0] == "M"
            font = before if joined else self.font_for(character) or before
            if out and out[-1][1] is font:
                out[-1] = (out[-1][0] + character, font)
            else:
                out.append((character, font))
        return out

    def missing(self, text: str) -> str:
        """The characters of `text` that no font here has, once each."""
        return "".join(
            c
            for c in dict.fromkeys(text)
            if not c.isspace() and unicodedata.category(c)[0] != "M" and self.font_for(c) is None
        )

    @property
    def first(self) -> Font:
        """The font that plain letters are drawn with."""
        return self.font_for("a") or self.last_resort

    def font_for(self, character: str) -> Font | None:
        """The first font that has `character`, or None."""
        if character not in self._found:
            self._found[character] = next((f for f in self._fonts() if has(f, character)), None)
        return self._found[character]

    def _fonts(self) -> Iterator[Font]:
        yield from self._opened
        for path in self._waiting:
            try:
                font = ImageFont.truetype(path, self.size_px)
            except (OSError, ValueError):  # damaged, or no font at all
                continue
            self._opened.append(font)
            yield font
        yield self.last_resort

    def _candidates(self) -> Iterator[Path]:
        files: dict[str, Path] = {}
        for folder in self._folders:
            for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
                if path.suffix.lower() in SUFFIXES:
                    files.setdefault(path.stem, path)
        for name in PREFERRED:
            if name in files:
                yield files.pop(name)
        rest = sorted(files, key=lambda stem: ("Regular" not in stem, stem))
        yield from (files[stem] for stem in rest[:MOST_FILES])


def has(font: Font, character: str) -> bool:
    """Whether `font` has `character`."""
    if character.isspace():
        return True
    return _picture(font, character) != _picture(font, _NEVER)


def _picture(font: Font, character: str) -> tuple[object, ...]:
    mask = font.getmask(character)
    return (mask.size, bytes(mask))
