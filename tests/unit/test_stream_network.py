from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import CancelledError

import pytest

from stream.network import NetworkThread


def test_must_run_coroutines_in_one_thread_of_its_own() -> None:
    network = NetworkThread()

    async def where() -> str:
        return threading.current_thread().name

    assert network.submit(where()).result(10) == "network"
    network.start()
    assert network.submit(where()).result(10) == "network"
    assert sum(t.name == "network" for t in threading.enumerate()) == 1
    network.stop()
    assert not any(t.name == "network" for t in threading.enumerate())


def test_must_cancel_what_still_runs_when_it_stops() -> None:
    network = NetworkThread()
    cleaned = threading.Event()

    async def forever() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            cleaned.set()

    work = network.submit(forever())
    network.call_soon(lambda: None)
    network.stop()
    assert cleaned.is_set()
    with pytest.raises(CancelledError):
        work.result(10)


def test_must_ignore_calls_after_the_end_and_begin_anew_when_started() -> None:
    network = NetworkThread()
    network.stop()
    called = threading.Event()
    network.call_soon(called.set)
    assert not called.is_set()
    network.start()
    network.call_soon(called.set)
    assert called.wait(10)
    network.stop()
    network.stop()
    network.call_soon(called.clear)
    assert called.is_set()


def test_must_not_load_codecs_or_servers_before_they_are_needed() -> None:
    code = (
        "import sys, stream.outputs, stream.hub, stream.file_sound, stream.silence, "
        "stream.outputs.rtmp\n"
        "sys.exit(' '.join({'av', 'aiohttp'} & set(sys.modules)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert found.stderr.strip() == ""
