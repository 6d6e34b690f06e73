"""The frame around every command-line tool: one readable line for every failure."""

import argparse
import re
import sys
import traceback
from collections.abc import Callable

from lkca_mm.errors import LKCAError

# The last line of a data worker's traceback, which PyTorch re-raises as the error's message.
_WORKER_LINE = re.compile(r'^(?:[\w.]+\.)?(\w+): (.*)$')

_LONGEST = 400


def describe(error: BaseException) -> str:
    """Returns an error as one line: its own words, with its type unless it is one of ours."""
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    if len(lines) > 1 and 'Traceback (most recent call last)' in str(error):
        match = _WORKER_LINE.match(lines[-1])
        if match:
            return match[2] if isinstance(error, LKCAError) else f'{match[1]}: {match[2]}'
    text = ' '.join(lines)
    if isinstance(error, LKCAError):
        return text
    if len(text) > _LONGEST:  # it would fill a screen
        text = f'{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}'
    return f'{type(error).__name__}: {text}' if text else type(error).__name__


def run_tool(main: Callable[[argparse.Namespace], int | None], args: argparse.Namespace) -> int:
    """Runs a tool and turns its failure into one line.

    Tools parse their arguments before they import this package, so that ``--help`` is quick.

    Args:
        main: The tool. It returns its exit code, or None for 0.
        args: Its arguments, ``args.debug`` among them: whether to show the traceback.

    Returns:
        The exit code: what ``main`` returned, 1 after an error, 130 after Ctrl-C.
    """
    try:
        return main(args) or 0
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        return 130
    except Exception as error:
        if args.debug:
            traceback.print_exc()
        print(f'error: {describe(error)}', file=sys.stderr)
        return 1
