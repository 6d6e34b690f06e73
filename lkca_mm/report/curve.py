"""The entries that validations leave in a record, and the best of them."""

from typing import Any

_NO_SCORES = ('epoch', 'iteration', 'train_loss')


def is_score(value: Any) -> bool:
    """Tells a number, or None where there was NaN, from texts and lists."""
    return isinstance(value, (int, float, type(None)))


def scores_of(entry: dict[str, Any]) -> dict[str, Any]:
    """Returns what the validation of an entry measured."""
    return {name: value for name, value in entry.items() if name not in _NO_SCORES}


def best_of(curve: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Returns every metric's highest value and when it was reached first."""
    best: dict[str, dict[str, Any]] = {}
    for entry in curve:
        when = {unit: entry[unit] for unit in ('epoch', 'iteration') if unit in entry}
        for name, value in scores_of(entry).items():
            # A loss is best when it is lowest; nobody asks for it here.
            if value is None or 'loss' in name:
                continue
            if name not in best or value > best[name]['value']:
                best[name] = {'value': value, **when}
    return best
