"""A download is resumed, checked, and in place whole or not at all."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from capture.models.download import UnreachableError, check_url, download, reachable
from flow.errors import AssetError
from tests.fixtures.file_server import FileServer, file_server
from tests.fixtures.waiting import free_port

DATA = bytes(range(256)) * 2000
SHA = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def server() -> Iterator[FileServer]:
    with file_server(net=DATA) as running:
        yield running


def fetch(server: FileServer, path: Path, **kw: object) -> None:
    download(server.url("net"), path, len(DATA), SHA, **kw)  # type: ignore[arg-type]


def test_a_file_must_arrive_whole_with_its_progress(server: FileServer, tmp_path: Path) -> None:
    seen: list[int] = []
    fetch(server, tmp_path / "deep" / "net", count=seen.append)
    assert (tmp_path / "deep" / "net").read_bytes() == DATA
    assert seen == sorted(seen)
    assert seen[-1] == len(DATA)
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["net"]


def test_a_broken_download_must_go_on_where_it_stopped(server: FileServer, tmp_path: Path) -> None:
    server.breaks_after = [100_000, 50_000]
    fetch(server, tmp_path / "net")
    assert (tmp_path / "net").read_bytes() == DATA
    assert server.asked == ["", "bytes=100000-", "bytes=150000-"]


def test_a_cancelled_download_must_leave_what_came_for_the_next_call(
    server: FileServer, tmp_path: Path
) -> None:
    def cancel(done: int) -> None:
        if done > 200_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(server, tmp_path / "net", count=cancel)
    assert not (tmp_path / "net").exists()
    here = (tmp_path / "net.part").stat().st_size
    assert 0 < here < len(DATA)
    fetch(server, tmp_path / "net")
    assert (tmp_path / "net").read_bytes() == DATA
    assert server.asked[-1] == f"bytes={here}-"


def test_a_server_without_ranges_must_be_read_from_the_start(
    server: FileServer, tmp_path: Path
) -> None:
    server.ranges = False
    (tmp_path / "net.part").write_bytes(DATA[:1000])
    fetch(server, tmp_path / "net")
    assert (tmp_path / "net").read_bytes() == DATA


def test_a_partial_answer_from_another_place_must_not_be_appended(
    server: FileServer, tmp_path: Path
) -> None:
    server.range_lie = 7
    (tmp_path / "net.part").write_bytes(DATA[:1000])
    fetch(server, tmp_path / "net")
    assert (tmp_path / "net").read_bytes() == DATA
    assert server.asked == ["bytes=1000-", ""]


def test_rubbish_from_an_earlier_call_must_be_thrown_away(
    server: FileServer, tmp_path: Path
) -> None:
    (tmp_path / "net.part").write_bytes(b"x" * 1000)
    fetch(server, tmp_path / "net")
    assert (tmp_path / "net").read_bytes() == DATA
    (tmp_path / "net.part").write_bytes(b"x" * (len(DATA) + 1))
    fetch(server, tmp_path / "net")
    assert not (tmp_path / "net.part").exists()


@pytest.mark.parametrize("wrong", [DATA[:-1] + b"!", DATA + b"more"], ids=["changed", "longer"])
def test_another_file_must_be_refused(server: FileServer, tmp_path: Path, wrong: bytes) -> None:
    server.files["net"] = wrong
    with pytest.raises(AssetError) as failed:
        fetch(server, tmp_path / "net")
    assert failed.value.code == "models.damaged"
    assert list(tmp_path.iterdir()) == []


def test_a_shorter_file_must_not_be_taken(server: FileServer, tmp_path: Path) -> None:
    server.files["net"] = DATA[:-1]
    with pytest.raises(UnreachableError) as failed:
        fetch(server, tmp_path / "net")
    assert failed.value.retryable
    assert not (tmp_path / "net").exists()


@pytest.mark.parametrize(("status", "asks"), [(404, 1), (403, 1), (503, 4)])
def test_a_refusal_must_say_what_was_answered(
    server: FileServer, tmp_path: Path, status: int, asks: int
) -> None:
    server.status = status
    with pytest.raises(AssetError) as failed:
        fetch(server, tmp_path / "net")
    assert failed.value.code == "models.refused"
    assert str(status) in failed.value.message
    assert len(server.asked) == asks


def test_nobody_there_must_be_one_retryable_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError) as failed:
        download(f"http://127.0.0.1:{free_port()}/net", tmp_path / "net", 10, SHA)
    assert failed.value.code == "models.unreachable"
    assert failed.value.retryable


def test_reachable_must_know_who_answers_and_who_does_not(server: FileServer) -> None:
    assert reachable(server.url("net"))
    assert not reachable(f"http://127.0.0.1:{free_port()}/net")


def test_reachable_must_not_wait_for_someone_who_never_answers() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert not reachable(f"http://127.0.0.1:{silent.getsockname()[1]}/net", timeout_s=0.2)


@pytest.mark.parametrize(
    "url", ["http://example.org/x", "ftp://127.0.0.1/x", "file:///etc/passwd", "http://10.0.0.1/x"]
)
def test_only_https_and_this_machine_may_be_asked(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="https"):
        check_url(url)
    with pytest.raises(ValueError, match="https"):
        download(url, tmp_path / "net", 10, SHA)


def test_a_redirect_must_not_lead_out_of_https(server: FileServer, tmp_path: Path) -> None:
    server.redirect = "http://10.0.0.1/net"
    with pytest.raises(ValueError, match="https"):
        fetch(server, tmp_path / "net")
