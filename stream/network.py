"""One thread with one asyncio loop for every output that talks to a network."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class NetworkThread:
    """Runs coroutines for callers of any thread. `start` and `stop` are idempotent.

    Nothing that runs in it may block: a slow server is waited for with ``await`` and a time limit.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The running loop; starts the thread when it does not run yet."""
        self.start()
        assert self._loop is not None
        return self._loop

    def start(self) -> None:
        """Begin; returns when the loop runs."""
        with self._lock:
            if self._thread is not None:
                return
            self._loop = asyncio.new_event_loop()
            running = threading.Event()
            self._loop.call_soon(running.set)
            self._thread = threading.Thread(
                target=self._loop.run_forever, name="network", daemon=True
            )
            self._thread.start()
        running.wait()

    def submit(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run a coroutine in the thread; the future tells how it ended and can cancel it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def call_soon(self, function: Callable[..., object], *args: object) -> None:
        """Run a function in the thread; does nothing once the thread was stopped."""
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        try:
            loop.call_soon_threadsafe(function, *args)
        except RuntimeError:  # closed between the check and the call
            return

    def stop(self, timeout_s: float = 3.0) -> None:
        """Cancel what still runs, end the thread and close the loop."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop)
        loop.call_soon_threadsafe(lambda: loop.call_later(timeout_s, loop.stop))
        thread.join(timeout_s + 1.0)
        if not thread.is_alive():
            loop.close()


async def _cancel_all() -> None:
    """Cancel every other task, let them finish, then stop the loop."""
    loop = asyncio.get_running_loop()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await loop.shutdown_asyncgens()
    for _ in range(3):  # transports that were closed just now say goodbye in the next rounds
        await asyncio.sleep(0)
    loop.call_soon(loop.stop)
