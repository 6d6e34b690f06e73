"""The frame around every command-line tool: one readable line for every failure."""

import argparse
import io
import os
import re
import sys
import traceback
import warnings
from collections.abc import Callable

from lkca_mm.errors import LKCAError

# What a failure inside a data worker looks like once PyTorch has re-raised it:
# the worker's whole traceback as the message, our own line last.
_WORKER_LINE = re.compile(r'^(?:[\w.]+\.)?(\w+): (.*)$')

_LONGEST = 400

# Said at every start by packages that we use, of things that a user cannot change.
_NOISE = (
    'Fail to import ``MultiScaleDeformableAttention``',  # we never need mmcv's compiled ops
    'Default ``avg_non_ignore`` is False',  # mmseg's default, and so its recipes'
    '``build_loss`` would be deprecated soon',  # upstream mmseg's heads call it themselves
)


def describe(error: BaseException) -> str:
    """Returns ``error`` as one line, without its traceback.

    An error that a data worker raised arrives with the worker's traceback as
    its message; only the last line of it is kept.
    """
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    if not lines:
        return f'{type(error).__name__}{_assertion(error)}'
    if len(lines) > 1 and 'Traceback (most recent call last)' in str(error):
        match = _WORKER_LINE.match(lines[-1])
        if match:
            return match[2] if isinstance(error, LKCAError) else f'{match[1]}: {match[2]}'
    text = ' '.join(lines)
    return text if isinstance(error, LKCAError) else f'{type(error).__name__}: {shorten(text)}'


def shorten(text: str) -> str:
    """Returns a text without its middle if it would fill a screen."""
    return text if len(text) <= _LONGEST else f'{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}'


def _assertion(error: BaseException) -> str:
    """Returns what was asserted, where that is all that is known."""
    calls = traceback.extract_tb(error.__traceback__)
    line = calls[-1].line if calls and isinstance(error, AssertionError) else None
    return f': {line}' if line else ''


def _place(error: Exception) -> str:
    """Returns the config and the key that an error which nobody foresaw has to do with."""
    if isinstance(error, LKCAError):
        return ''  # says so itself
    from lkca_mm.failing_part import name_part  # imports more than an error line should need

    try:
        return name_part(error)
    except Exception:  # a broken config can break the search too; its own error is to be shown
        return ''


def _process() -> str:
    """Returns which of several processes this is, to be put before its error."""
    several = os.environ.get('WORLD_SIZE', '1') != '1'
    return f'rank {os.environ.get("RANK", "?")}: ' if several else ''


def run_command(
    parser: argparse.ArgumentParser,
    main: Callable[[argparse.Namespace], int | None],
    argv: list[str] | None = None,
) -> int:
    """Parses the arguments, runs ``main`` and turns a failure into one line.

    Args:
        parser: The tool's arguments. ``--debug`` is added to them.
        main: The tool. It returns its exit code, or None for 0.
        argv: The arguments; ``sys.argv[1:]`` if None.

    Returns:
        The exit code: what ``main`` returned, 1 after an error, 130 after Ctrl-C.
    """
    parser.add_argument('--debug', action='store_true', help='show the traceback of an error')
    # A name that the terminal cannot show is no reason to fail.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors='backslashreplace')
    args = parser.parse_args(argv)
    for message in _NOISE:
        warnings.filterwarnings('ignore', message=message)
    try:
        return main(args) or 0
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        return 130
    except Exception as error:
        if args.debug:
            traceback.print_exc()
        print(f'error: {_process()}{_place(error)}{describe(error)}', file=sys.stderr)
        return 1


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
