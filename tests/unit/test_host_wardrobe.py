"""The host's avatars: decoded once, with a bar when it takes a while, and stopped when asked."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

import assets
from avatar.read.load import load_avatar
from avatar.read.progress import Loading
from flow.errors import ShowFileError
from flow.paths import cache_home
from host import wardrobe
from host.cli import main
from host.progress import Bar
from host.wardrobe import open_avatar, shelf_of

MIRA = assets.locate("avatars", "mira")


def test_the_environment_must_choose_the_cache() -> None:
    home = {"HOME": "/home/mira"}
    for word in ("off", "OFF", "no", "0", "false"):
        assert shelf_of({**home, "MIRRORSTAGE_CACHE": word}) is None
    chosen = shelf_of({**home, "MIRRORSTAGE_CACHE": "/tmp/here", "MIRRORSTAGE_CACHE_MB": "5"})
    assert chosen is not None
    assert (chosen.folder, chosen.most_bytes) == (Path("/tmp/here"), 5 << 20)
    usual = shelf_of(home)
    assert usual is not None
    assert usual.folder.name == "avatars"
    assert shelf_of({"HOME": "nowhere"}) is None
    for size in ("much", "-1", "1.5"):
        with pytest.raises(ShowFileError) as caught:
            shelf_of({**home, "MIRRORSTAGE_CACHE_MB": size})
        assert caught.value.code == "show.environment"


@pytest.mark.parametrize(
    ("platform", "environment", "want"),
    [
        ("linux", {"HOME": "/h"}, "/h/.cache/mirrorstage"),
        ("linux", {"HOME": "/h", "XDG_CACHE_HOME": "/c"}, "/c/mirrorstage"),
        ("linux", {"HOME": "/h", "XDG_CACHE_HOME": "c"}, "/h/.cache/mirrorstage"),
        ("darwin", {"HOME": "/h"}, "/h/Library/Caches/mirrorstage"),
        ("win32", {"HOME": "/h", "LOCALAPPDATA": "/l"}, "/l/mirrorstage"),
    ],
)
def test_caches_must_lie_where_the_platform_keeps_them(
    platform: str, environment: dict[str, str], want: str
) -> None:
    assert cache_home(environment, platform) == Path(want)


def test_an_avatar_must_be_the_same_with_and_without_a_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = open_avatar("mira")
    monkeypatch.setenv("MIRRORSTAGE_CACHE", str(tmp_path))
    assert open_avatar("mira").name == fresh.name == load_avatar(MIRA).name
    assert list(tmp_path.iterdir()) == [], "light files are not kept"


def test_a_request_to_stop_must_end_the_loading() -> None:
    class StopError(Exception):
        pass

    def stop() -> None:
        raise StopError

    with pytest.raises(StopError):
        open_avatar("mira", go_on=stop)


def test_the_bar_must_appear_only_when_loading_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    quick, slow = io.StringIO(), io.StringIO()
    monkeypatch.setattr(wardrobe, "PATIENCE_S", 1000.0)
    open_avatar("mira", stream=quick)
    assert quick.getvalue() == ""
    monkeypatch.setattr(wardrobe, "PATIENCE_S", 0.0)
    open_avatar("mira", stream=slow)
    assert "mira.vrm [" in slow.getvalue()
    patient = io.StringIO()
    with Bar(patient, patience_s=1000.0) as bar:
        bar(Loading("x", 1, 2))
    assert patient.getvalue() == ""


def test_progress_must_rise_to_no_more_than_the_whole_file() -> None:
    steps: list[Loading] = []
    load_avatar(MIRA, told=steps.append)
    done = [s.done for s in steps]
    assert done == sorted(done)
    assert done[-1] <= steps[-1].total == MIRA.stat().st_size
    assert len(steps) >= 5, "a step for every picture"


def test_the_doctor_must_clear_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIRRORSTAGE_CACHE", str(tmp_path))
    (tmp_path / "a.frozen").write_bytes(bytes(3_000_000))
    (tmp_path / "mine.txt").write_text("not ours to delete")
    assert main(["doctor", "--clear-cache"]) == 0
    assert "3 MB" in capsys.readouterr().out
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]
