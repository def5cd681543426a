"""Paths as people type them: nobody's home, absurd names, files that cannot be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from flow.paths import check_writable, is_file, user_path


def test_a_tilde_must_be_the_users_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert user_path("~/me.vrm") == tmp_path / "me.vrm"


def test_the_home_of_nobody_must_stay_as_it_is() -> None:
    assert user_path("~nobody-of-this-name/me.vrm") == Path("~nobody-of-this-name/me.vrm")


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "", ".."])
def test_names_that_no_file_can_have_must_be_no_files(name: str) -> None:
    assert not is_file(Path(name))


def test_looking_whether_a_file_can_be_written_must_change_nothing(tmp_path: Path) -> None:
    fresh, old = tmp_path / "deep" / "new.json", tmp_path / "old.json"
    old.write_text("kept", "utf-8")
    check_writable(fresh)
    check_writable(old)
    assert not fresh.exists()
    assert old.read_text("utf-8") == "kept"
    for wrong in (tmp_path, old / "x.json"):
        with pytest.raises(OSError, match=r"irectory|exists"):
            check_writable(wrong)
