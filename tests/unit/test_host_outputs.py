"""The outputs of a show: every mistake at once, before anything is made, and no key repeated."""

from __future__ import annotations

from typing import Any

import pytest

from flow.clock import ManualClock
from flow.errors import MirrorstageError, OutputError, ShowFileError
from host import session
from host.log import Voice
from host.outputs import wanted_outputs
from host.showfile import Show

KEY = "live_secret_key"


def show(*outputs: dict[str, Any]) -> Show:
    return Show.model_validate({"output": list(outputs)})


def test_every_wrong_output_must_be_named_at_once() -> None:
    wrong = show({"kind": "page", "prot": 1}, {"kind": "null"}, {"port": 8080}, {"kind": "pag"})
    with pytest.raises(ShowFileError) as fault:
        wanted_outputs(wrong)
    said = str(fault.value)
    for part in ("3 outputs", "output.page.prot", "known here: port, host", "Output 3", "'pag'"):
        assert part in said


@pytest.mark.parametrize(
    "output",
    [
        {"kind": "rtmp", "url": "rtmp://room.example/app", "key": KEY},
        {"kind": "rtmp", "url": 5, "kye": KEY},
        {"kind": "rtmp", "url": [f"rtmp://room.example/app/{KEY}"]},
    ],
)
def test_a_stream_key_must_never_be_repeated(output: dict[str, Any]) -> None:
    with pytest.raises(ShowFileError) as fault:
        wanted_outputs(show(output))
    assert KEY not in str(fault.value)
    assert "not 5" not in str(fault.value)
    assert fault.value.__cause__ is None


def test_outputs_of_one_kind_must_have_names_of_their_own() -> None:
    labels = [label for label, _, _ in wanted_outputs(show({"kind": "null"}, {"kind": "null"}))]
    assert labels == ["null", "null-2"]


@pytest.mark.parametrize(
    ("output", "code"),
    [
        ({"kind": "rtmp", "url": f"http://room.example/app/{KEY}"}, "show.output"),
        ({"kind": "rtmp", "url": "rtmp://room.example/app", "key_env": "NO_KEY"}, "show.secret"),
        ({"kind": "record", "path": "show.avi"}, "output.format"),
    ],
)
def test_what_an_output_cannot_do_must_be_known_before_the_show_is_built(
    output: dict[str, Any], code: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(*_: object) -> None:
        raise AssertionError("motion was chosen first")

    monkeypatch.setattr(session, "choose_motion", too_late)
    monkeypatch.delenv("NO_KEY", raising=False)
    with pytest.raises(MirrorstageError) as fault:
        session.build(show(output), clock=clock, voice=Voice(clock, quiet=True))
    assert fault.value.code == code
    assert KEY not in str(fault.value)
    assert isinstance(fault.value, ShowFileError | OutputError)
