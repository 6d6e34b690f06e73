"""How far a run is, from what mmengine logs."""

import re
from dataclasses import dataclass

_BY_EPOCH = re.compile(r'Epoch\(train\)\s+\[\s*(\d+)\]\[\s*(\d+)/\s*(\d+)\]')
_BY_ITERATION = re.compile(r'Iter\(train\)\s+\[\s*(\d+)/\s*\d+\]')
_TIME = re.compile(r' time: (\d+\.\d+)')
_SCORING = re.compile(r'(?:Epoch|Iter)\(val\)')


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes:
        iteration: Training steps done; 0 before the first is logged.
        seconds: What a step takes at present; None if nothing was logged yet.
        scoring: Whether it is being scored.
    """

    iteration: int = 0
    seconds: float | None = None
    scoring: bool = False


def _iteration(line: str) -> int | None:
    if match := _BY_EPOCH.search(line):
        epoch, step, length = map(int, match.groups())
        return (epoch - 1) * length + step
    match = _BY_ITERATION.search(line)
    return int(match[1]) if match else None


def read_progress(output: str) -> Progress:
    """Returns how far a run is.

    Args:
        output: The end of its log, from wherever.
    """
    scoring = False
    for line in reversed(output.splitlines()):
        iteration = _iteration(line)
        if iteration is not None:
            time = _TIME.search(line)
            return Progress(iteration, float(time[1]) if time else None, scoring)
        scoring = scoring or bool(_SCORING.search(line))
    return Progress(scoring=scoring)
