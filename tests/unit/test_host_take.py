"""``mirrorstage take record``: copies bit for bit, and what was recorded is never lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from capture.synthetic import SyntheticSource
from capture.take_file import TakeReader
from flow.clock import NS_PER_S, ManualClock
from flow.motion import MotionFrame
from flow.seams import Status
from host.cli import main
from host.commands import take as command


class Ending:
    """A source that gives `count` frames and then stops or fails."""

    def __init__(self, count: int, end: Status) -> None:
        clock = ManualClock(NS_PER_S)
        synthetic = SyntheticSource(clock)
        synthetic.start()
        self._frames: list[MotionFrame] = []
        while len(self._frames) < count:
            clock.advance(NS_PER_S // 30)
            frame = synthetic.poll()
            if frame is not None:
                self._frames.append(frame)
        self._end = end

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def poll(self) -> MotionFrame | None:
        return self._frames.pop(0) if self._frames else None

    def status(self) -> Status:
        return Status("running") if self._frames else self._end


def record(out: Path, *more: str) -> int:
    return main(["take", "record", "--source", "synthetic", "-o", str(out), *more])


def test_a_copy_of_a_take_must_have_its_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "a.take", tmp_path / "b.take"
    assert main(["take", "record", "--source", "take:greeting", "-o", str(first)]) == 0
    assert main(["take", "record", "--source", f"take:{first}", "-o", str(second)]) == 0
    a, b = TakeReader(first), TakeReader(second)
    assert a.frames > 100
    assert list(a.records()) == list(b.records())


def test_a_source_that_gives_nothing_must_leave_an_older_take_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "old.take"
    out.write_bytes(b"precious")
    monkeypatch.setattr(command, "_source", lambda *_: Ending(0, Status("stopped")))
    assert record(out, "--force") == 5
    assert "[take.empty]" in capsys.readouterr().err
    assert out.read_bytes() == b"precious"
    assert record(tmp_path / "new.take") == 5
    assert not (tmp_path / "new.take").exists()


def test_a_source_that_breaks_must_leave_what_it_gave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "half.take"
    lost = Status("failed", "Camera 0 disappeared.", "device.camera_lost")
    monkeypatch.setattr(command, "_source", lambda *_: Ending(40, lost))
    assert record(out) == 5
    said = capsys.readouterr().err
    assert f"Camera 0 disappeared. The 40 frames until then are in {out}. [device" in said
    assert TakeReader(out).frames == 40


@pytest.mark.parametrize("duration", ["-1", "nan", "inf", "soon"])
def test_a_duration_that_is_none_must_be_refused(tmp_path: Path, duration: str) -> None:
    with pytest.raises(SystemExit) as leaving:
        record(tmp_path / "a.take", "--duration", duration)
    assert leaving.value.code == 2
