"""What several tools read from the command line."""

import argparse
from typing import Any

from mmengine.config import DictAction


def positive(text: str) -> int:
    """Returns a positive whole number of at most a billion, for argparse."""
    value = int(text)
    if not 1 <= value <= 10**9:
        raise ValueError(text)
    return value


positive.__name__ = 'positive whole number'  # how argparse calls it in an error


def parse_value(text: str) -> Any:
    """Returns the value that the right side of ``KEY=VALUE`` stands for.

    A value without brackets and commas is taken as it stands, with the spaces that a
    path may have; so is one in quotes.

    Raises:
        Exception: Of several kinds, if brackets do not close.
    """
    bare = text.strip('\'"')
    if len(text) - len(bare) == 2 and not bare.startswith(('(', '[')):
        return bare
    if any(letter in text for letter in '()[],'):
        return DictAction._parse_iterable(text)
    return DictAction._parse_int_float_bool(bare)


def add_settings_argument(parser: argparse.ArgumentParser) -> None:
    """Adds ``--cfg-options``, settings that replace a config's."""
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=SettingsAction,
        metavar='KEY=VALUE',
        help='replace settings',
    )


class SettingsAction(DictAction):
    """Reads ``KEY=VALUE``, and says what is wrong with what is no such thing.

    The words as they were typed are kept beside the settings, under the same name with
    ``_words`` behind it.
    """

    # What mmengine calls for each value.
    _parse_iterable = staticmethod(parse_value)

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Adds settings to those read so far."""
        for value in values:
            try:
                super().__call__(parser, namespace, [value], option_string)
            except Exception as error:  # brackets that do not close, and worse
                raise argparse.ArgumentError(self, f'{value!r} is not KEY=VALUE') from error
            if not value.partition('=')[0]:
                raise argparse.ArgumentError(self, f'{value!r} names no key')
        words = [*getattr(namespace, f'{self.dest}_words', []), *values]
        setattr(namespace, f'{self.dest}_words', words)
