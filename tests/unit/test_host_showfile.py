"""Show files: precedence, strictness, every mistake at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from flow.errors import ShowFileError
from host.showfile import load_show

GOOD = """
name = "Evening"
[picture]
size = "720x1280"
fps = 25
[motion]
source = "take:greeting"
[[output]]
kind = "record"
path = "a.mp4"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "show.toml"
    path.write_text(text, "utf-8")
    return path


def test_an_empty_show_must_have_defaults_that_work() -> None:
    show = load_show(None, environment={})
    assert (show.picture.width, show.picture.height, show.picture.fps) == (1280, 720, 30)
    assert show.motion.source == "auto"


def test_file_must_lose_to_environment_and_environment_to_set(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    assert load_show(path, environment={}).picture.fps == 25
    environment = {"MIRRORSTAGE__PICTURE__FPS": "50", "MIRRORSTAGE__NAME": "Env", "HOME": "/x"}
    show = load_show(path, environment=environment)
    assert (show.picture.fps, show.name) == (50, "Env")
    show = load_show(path, environment=environment, overrides=["picture.fps=60"])
    assert show.picture.fps == 60
    assert show.output == [{"kind": "record", "path": "a.mp4"}]


def test_every_mistake_must_be_named_at_once_with_its_path(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '[picture]\nsize = "big"\nfps = "30"\n[motion]\nprofil = "face"\nprofile = "legs"\n',
    )
    with pytest.raises(ShowFileError) as fault:
        load_show(path, environment={})
    said = str(fault.value)
    assert "4 mistakes" in said
    for part in ("picture.size", "picture.fps", "motion.profil:", "motion.profile"):
        assert part in said
    assert "known here: source, mirrored, profile, loop, settings" in said
    assert fault.value.code == "show.invalid"
    assert fault.value.exit_status == 2


@pytest.mark.parametrize(
    ("text", "code"),
    [("name = ", "show.syntax"), ("[a\n", "show.syntax"), ("nam = 'x'", "show.invalid")],
)
def test_a_wrong_file_must_be_refused_with_its_name(tmp_path: Path, text: str, code: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ShowFileError) as fault:
        load_show(path, environment={})
    assert fault.value.code == code
    assert str(path) in fault.value.message


def test_a_missing_file_must_say_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ShowFileError, match="mirrorstage new") as fault:
        load_show(tmp_path / "none.toml", environment={})
    assert fault.value.code == "show.missing"


def test_bytes_that_are_no_text_must_be_refused(tmp_path: Path) -> None:
    path = tmp_path / "show.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ShowFileError) as fault:
        load_show(path, environment={})
    assert fault.value.code == "show.unreadable"


@pytest.mark.parametrize("item", ["picture.fps", "name.x=1"])
def test_a_wrong_set_must_be_refused(tmp_path: Path, item: str) -> None:
    path = write(tmp_path, GOOD)
    with pytest.raises(ShowFileError) as fault:
        load_show(path, environment={}, overrides=[item])
    assert fault.value.code == "show.set"


def test_odd_sizes_must_become_even() -> None:
    show = load_show(None, environment={}, overrides=["picture.size=641x361"])
    assert (show.picture.width, show.picture.height) == (640, 360)


@pytest.mark.parametrize("template", ["streamer", "museum", "brand"])
def test_every_template_must_be_a_valid_show(template: str) -> None:
    from importlib.resources import files

    path = Path(str(files("host.templates").joinpath(f"{template}.toml")))
    show = load_show(path, environment={})
    assert show.output
