import os
import signal
import threading

import pytest

from styletransfer.system import interrupt
from styletransfer.system.interrupt import Interrupt


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_a_wish_and_handlers_come_back(number):
    before = signal.getsignal(number)
    with Interrupt() as wish:
        assert not wish.wanted
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), signal.SIGINT)  # at once: the same wish
        assert wish.wanted
    assert signal.getsignal(number) is before


def test_a_later_one_is_an_end(monkeypatch):
    monkeypatch.setattr(interrupt, "SAME", -1.0)
    with pytest.raises(KeyboardInterrupt), Interrupt() as wish:
        os.kill(os.getpid(), signal.SIGINT)
        assert wish.wanted
        os.kill(os.getpid(), signal.SIGINT)


def test_elsewhere_than_in_the_main_thread_signals_are_left_alone():
    before, found = signal.getsignal(signal.SIGINT), []

    def work():
        with Interrupt():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [before]
