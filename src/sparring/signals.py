"""Ctrl-C and SIGTERM as a wish to stop, granted when all is saved."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def stop_signals() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C or SIGTERM into an event; a second Ctrl-C interrupts at once."""
    event = threading.Event()

    def handle(number: int, frame: Any) -> None:
        event.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    with handled(handle):
        yield event


@contextmanager
def handled(handler: Callable[[int, Any], Any] = signal.default_int_handler) -> Iterator[None]:
    """Have Ctrl-C and SIGTERM call `handler`; by default both interrupt at once."""
    # Python lets only the main thread decide what a signal does.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {s: signal.signal(s, handler) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, earlier in before.items():
            # None: a handler that was not set from Python, which cannot be put back.
            signal.signal(number, signal.SIG_DFL if earlier is None else earlier)
