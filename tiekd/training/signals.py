"""What Ctrl-C and SIGTERM do to a run.

Lightning answers SIGTERM with a message to the other processes, which it sends while they may be exchanging
something else. Both callbacks take the signals from it when training starts; Lightning puts back what was
there before the run.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytorch_lightning as lightning


class PlainTermination(lightning.Callback):
    """Lets SIGTERM end the process once training has started.

    Lightning would let the step end, and then end itself as if all were well.
    """

    def on_train_start(self, *_: Any) -> None:
        """Take SIGTERM from Lightning."""
        _answer([signal.SIGTERM], signal.SIG_DFL)


class StopOnSignal(lightning.Callback):
    """Calls `ask_to_stop` at the first Ctrl-C or SIGTERM; a second one ends the process at once."""

    def __init__(self, ask_to_stop: Callable[[], None]) -> None:
        self.ask_to_stop = ask_to_stop

    def on_train_start(self, *_: Any) -> None:
        """Begin to listen."""
        _answer([signal.SIGINT, signal.SIGTERM], self._heard)

    def _heard(self, *_: Any) -> None:
        self.ask_to_stop()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _answer(numbers: Iterable[signal.Signals], answer: Any) -> None:
    # Python allows it in the main thread only.
    if threading.current_thread() is threading.main_thread():
        for number in numbers:
            signal.signal(number, answer)
