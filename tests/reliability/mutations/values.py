"""Values that do not belong where they are put."""

import math

HUGE = (10**7, 2**31, 2**63, 10**30)


class Literal:
    """A value whose text in a Python file is not its ``repr``."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text


_NOT_FINITE = [Literal(f"float('{name}')") for name in ('nan', 'inf', '-inf')]
_ANYTHING = [None, '', 'abc', -1, 0, 2.5, True, [], {}, [1, 2], {'type': 'Nothing'}, (), 'ü\n€']


def wrong_value(generator, old, huge=True):
    """Draws a value to stand in for another.

    Args:
        generator: Where the random numbers come from.
        old: The value that belongs there.
        huge: Whether it may be a number too large for any machine.
    """
    choices = list(_ANYTHING)
    if isinstance(old, (int, float)) and not isinstance(old, bool):
        choices += [-old, old + 1, old + 0.5, str(old), [old], *_NOT_FINITE]
        choices += [*HUGE, -HUGE[0]] * huge
    elif isinstance(old, str):
        choices += [old + 'x', old[:-1], old.upper(), [old], f'/{old}', old * 300]
    elif isinstance(old, (list, tuple)):
        choices += [list(old)[:-1], [*old, *old], list(old)[::-1], [None] * len(old)]
        choices += [[math.pi] * len(old), [0] * len(old)] + [[HUGE[0]] * len(old)] * huge
    elif isinstance(old, dict):
        choices += [list(old), list(old.values()), {**old, 'unknown_key': 1}, {'a': old}]
    return generator.choice(choices)
