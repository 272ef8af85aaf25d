from __future__ import annotations

import signal
import threading

import pytest

from sparring.signals import handled, stop_signals

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


@BOTH
def test_the_first_one_is_a_wish(number: signal.Signals) -> None:
    with stop_signals() as stop:
        assert not stop.is_set()
        signal.raise_signal(number)
        assert stop.is_set()


@BOTH
def test_a_second_ctrl_c_stops_at_once(number: signal.Signals) -> None:
    with stop_signals():
        signal.raise_signal(number)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


@BOTH
def test_both_interrupt_where_nothing_else_is_said(number: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt), handled():
        signal.raise_signal(number)


def test_handlers_are_put_back() -> None:
    before = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]
    with stop_signals():
        signal.raise_signal(signal.SIGINT)
    assert [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)] == before


def test_another_thread_has_no_say_in_signals() -> None:
    seen = []

    def work() -> None:
        with stop_signals() as stop:
            seen.append(stop.is_set())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [False]
