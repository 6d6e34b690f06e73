"""One piece of bad input, and what became of it."""

import shlex
from dataclasses import dataclass
from pathlib import Path

CANARY = 'canary'
"""A file that appears in the case's folder if code in its input was run."""

WORKED, REFUSED, UNHANDLED = 'worked', 'refused', 'unhandled'


@dataclass(frozen=True)
class Case:
    """A call of a tool with something wrong in it.

    Attributes:
        kind: Which kind of input is bad.
        number: Its number among those of the kind.
        what: What was done to the input, in words.
        tool: The tool, without ``tools/`` and ``.py``.
        argv: Its arguments.
        folder: The folder that the call runs in, and that holds all it may write.
        names: Words of which a refusal has to say one: the file, the key or the value.
        absent: What must not be there after a refusal.
    """

    kind: str
    number: int
    what: str
    tool: str
    argv: tuple[str, ...]
    folder: Path
    names: tuple[str, ...]
    absent: Path | None = None

    @property
    def command(self):
        """What a user would type, in the case's folder."""
        return f'python tools/{self.tool}.py {shlex.join(self.argv)}'


@dataclass(frozen=True)
class Verdict:
    """How a case ended.

    Attributes:
        case: The case.
        outcome: WORKED, REFUSED or UNHANDLED.
        reason: The line of a refusal, or what is wrong with the end.
        seconds: How long it took.
    """

    case: Case
    outcome: str
    reason: str
    seconds: float
