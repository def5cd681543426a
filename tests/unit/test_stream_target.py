from __future__ import annotations

from typing import Any

import pytest

from flow.errors import ShowFileError
from stream.outputs import PLUGINS, load, parse
from stream.rtmp.address import parse_address

KEY = "live_12345_s3cret"


@pytest.mark.parametrize(
    ("text", "kind", "settings"),
    [
        ("record:show.mp4", "record", {"path": "show.mp4"}),
        ("record:C:\\shows\\a.MKV", "record", {"path": "C:\\shows\\a.MKV"}),
        ("rtmp://host/app/key", "rtmp", {"url": "rtmp://host/app/key"}),
        ("rtmps://h:443/a/b/k?x=1&y=2", "rtmp", {"url": "rtmps://h:443/a/b/k?x=1&y=2"}),
        ("null", "null", {}),
        ("page", "page", {}),
        ("page:8081", "page", {"port": 8081}),
        ("page:0.0.0.0:9000", "page", {"host": "0.0.0.0", "port": 9000}),
    ],
)
def test_must_understand(text: str, kind: str, settings: dict[str, Any]) -> None:
    assert parse(text) == (kind, settings)
    load(PLUGINS[kind]).settings.model_validate(settings)


@pytest.mark.parametrize(
    "text",
    [
        "", ":", "tape:show.mp4", "record", "record:", "record:show", "record:show.avi",
        "record:folder/", "rtmp:", "rtmp://", "rtmp://host", "rtmp://host/app", "rtmp://host/app/",
        "rtmp://host:99999/app/key", "rtmp://[::1/app/key", "page:", "page:web", "page:70000",
        "page:-1", "null:0",
    ],
)  # fmt: skip
def test_must_refuse_nonsense_in_one_sentence_with_a_remedy(text: str) -> None:
    with pytest.raises(ShowFileError) as caught:
        parse(text)
    assert caught.value.code == "show.output"
    assert caught.value.message.endswith(".")
    assert "record:show.mp4" in caught.value.hint or "rtmp://host/app/key" in caught.value.hint


@pytest.mark.parametrize("url", [f"rtmp://host:x/app/{KEY}", f"rtmp:///app/{KEY}", f"rtmp:{KEY}"])
def test_must_not_repeat_a_key_in_an_error(url: str) -> None:
    with pytest.raises(ShowFileError) as caught:
        parse(url)
    assert KEY not in f"{caught.value} {caught.value.as_dict()} {caught.value!r}"


def test_must_keep_the_query_in_the_play_path() -> None:
    address = parse_address(f"rtmp://room.example/live/{KEY}?streamname=a&sign=b")
    assert (address.app, address.key) == ("live", f"{KEY}?streamname=a&sign=b")
    assert address.tc_url == "rtmp://room.example/live"


def test_must_take_a_key_that_comes_apart() -> None:
    address = parse_address("rtmps://room.example/app/inner", KEY)
    assert (address.app, address.key, address.port) == ("app/inner", KEY, 443)


def test_must_never_show_the_key() -> None:
    address = parse_address(f"rtmp://room.example:1936/live/{KEY}?sign=topsecret")
    settings = load(PLUGINS["rtmp"]).settings.model_validate({"url": f"rtmp://h/live/{KEY}"})
    said = f"{address} {address!r} {address.clean(f'bad {KEY} topsecret')} {settings!r} {settings}"
    assert KEY not in said
    assert "rtmp://room.example:1936/live/***" in said
    assert f"{KEY}?sign=topsecret" not in said
