"""Signals that are noted and do not raise."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# A person who wants out at once presses again, and not by accident.
_ECHO_SECONDS = 1.0


class Interruption:
    """Whether the user, or who ends this process, wants an end.

    Attributes:
        asked: Whether there was a first signal.
        insisted: Whether there was a second one.
    """

    def __init__(self) -> None:
        self.asked = self.insisted = False
        self._asked_at = 0.0

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Notes a signal; for ``signal.signal``."""
        now = time.monotonic()
        self.insisted = self.insisted or (self.asked and now - self._asked_at > _ECHO_SECONDS)
        if not self.asked:
            self.asked, self._asked_at = True, now


@contextmanager
def listening() -> Iterator[Interruption]:
    """Notes signals instead of raising: an exception between two lines could lose a child."""
    interruption = Interruption()
    before = {}
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # nohup has SIGHUP ignored, and so it shall stay.
        if signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, interruption.on_signal)
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
