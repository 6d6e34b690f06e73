"""Settings on the command line."""

import argparse
from typing import Any

from mmengine.config import DictAction


class SettingsAction(DictAction):
    """Reads ``KEY=VALUE``, and says what is wrong with what is no such thing.

    A value without brackets and commas is taken as it stands, with the spaces that a
    path may have; so is one in quotes.
    """

    @staticmethod
    def _parse_iterable(val: str) -> Any:
        """Returns the value that a text stands for; mmengine calls this."""
        bare = val.strip('\'"')
        if len(val) - len(bare) == 2 and not bare.startswith(('(', '[')):
            return bare
        if any(letter in val for letter in '()[],'):
            return DictAction._parse_iterable(val)
        return DictAction._parse_int_float_bool(bare)

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
