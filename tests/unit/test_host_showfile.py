"""Show files: precedence, strictness, every mistake at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
    assert "known here: source, mirrored, profile, loop, landmarks, settings" in said
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


def refusal(text: str | bytes, folder: Path, **more: Any) -> ShowFileError:
    path = folder / "show.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ShowFileError) as fault:
        load_show(path, environment=more.get("environment", {}))
    return fault.value


def test_a_file_of_a_windows_editor_must_be_read(tmp_path: Path) -> None:
    path = tmp_path / "show.toml"
    path.write_bytes(b"\xef\xbb\xbfname = 'Evening'\r\n[picture]\r\nfps = 25\r\n")
    assert load_show(path, environment={}).picture.fps == 25


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('output = "x"', "output: must be a list: write each as [[output]], not 'x'"),
        ('[output]\nkind = "page"', "output: must be a list: write each as [[output]]"),
        ('avatar = "mira"', "avatar: must be a section, [avatar], not 'mira'"),
        ("[[picture]]\nfps = 5", "picture: must be a section, [picture]"),
        ("name = 2020-01-01", "name: must be text in quotes"),
        ("duration_s = inf", "duration_s: must be 320000000 or less"),
        ("duration_s = nan", "duration_s: must be"),
        ("duration_s = -1", "duration_s: must be 0 or more, not -1"),
        ("[picture]\nfps = true", "picture.fps: must be a whole number"),
        ('[avatar]\nmodel = "a\\u0000b"', "avatar.model: has a NUL character"),
    ],
)
def test_mistakes_must_be_said_in_plain_words(tmp_path: Path, text: str, said: str) -> None:
    fault = refusal(text, tmp_path)
    assert said in fault.message
    assert "input" not in fault.message.lower()


@pytest.mark.parametrize(
    "size",
    [
        "0x0",
        "10x10",
        "99999x99999",
        "1280",
        "1280X720",
        "1x2x3",
        "-5x10",
        "\u0661\u0662x\u0663\u0664",
        "",
    ],
)
def test_sizes_that_cannot_be_drawn_must_be_refused(size: str) -> None:
    with pytest.raises(ShowFileError, match="must be WIDTHxHEIGHT in pixels"):
        load_show(None, environment={}, overrides=[f'picture.size="{size}"'])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"a = " + b"[" * 3000 + b"]" * 3000, "show.syntax"),
        (b"#" * (2 << 20), "show.unreadable"),
        ("name = 'x'".encode("utf-16"), "show.unreadable"),
    ],
)
def test_hostile_files_must_be_refused(tmp_path: Path, content: bytes, code: str) -> None:
    fault = refusal(content, tmp_path)
    assert fault.code == code
    assert fault.hint


def test_a_folder_must_not_pass_for_a_show(tmp_path: Path) -> None:
    with pytest.raises(ShowFileError, match="cannot be read: Is a directory") as fault:
        load_show(tmp_path, environment={})
    assert "Errno" not in fault.value.message


def test_a_mistake_must_name_the_variable_it_came_from(tmp_path: Path) -> None:
    fault = refusal(GOOD, tmp_path, environment={"MIRRORSTAGE__PICTURE__FPS": "500"})
    assert "picture.fps: must be 120 or less, not 500" in fault.message
    assert "MIRRORSTAGE__PICTURE__FPS" in fault.message


def test_a_name_that_is_no_text_must_be_said_without_repeating_it() -> None:
    with pytest.raises(ShowFileError, match="has bytes in it that are no UTF-8"):
        load_show(None, environment={}, overrides=["avatar.model=\udcff.vrm"])


@pytest.mark.parametrize("item", ["=1", ".=1", "picture.=1", ".fps=1"])
def test_a_set_without_a_name_must_be_refused(item: str) -> None:
    with pytest.raises(ShowFileError) as fault:
        load_show(None, environment={}, overrides=[item])
    assert fault.value.code == "show.set"
