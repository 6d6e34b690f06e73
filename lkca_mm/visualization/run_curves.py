"""The curves of a training run, from whatever it left: a work dir, a record or a log."""

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lkca_mm.errors import DataError, shown
from lkca_mm.record import scores_of

LOSS = 'loss'
# Logged beside the scores of a validation, but none.
_NO_SCORES = ('data_time', 'time', 'step', 'iter', 'epoch', 'memory', 'lr', 'base_lr')

_TRAIN_LINE = re.compile(
    r' (?:Epoch\(train\) +\[(?P<epoch>\d+)\]|Iter\(train\) +)'
    r'\[ *(?P<done>\d+)/(?P<all>\d+)\](?P<values>.*)'
)
_VAL_LINE = re.compile(
    r' (?:Epoch|Iter)\(val\) +(?:\[(?P<epoch>\d+)\])?\[ *(?P<done>\d+)/(?P<all>\d+)\](?P<values>.*)'
)
_VALUE = re.compile(r'([^\s:]+): (-?[\d.]+(?:e[+-]?\d+)?|nan|-?inf)(?= |$)')

Curve = dict[int, float]


@dataclass
class RunCurves:
    """What a run logged.

    Attributes:
        name: What the run is called.
        loss: Training loss, keyed by iterations done.
        scores: For each metric its value, keyed by iterations done.
    """

    name: str
    loss: Curve = field(default_factory=dict)
    scores: dict[str, Curve] = field(default_factory=dict)

    def begin_again(self, iteration: int) -> None:
        """Forgets what a new session, which begins there, does once more."""
        for curve in (self.loss, *self.scores.values()):
            for done in [done for done in curve if done >= iteration]:
                del curve[done]
        self.scores = {name: curve for name, curve in self.scores.items() if curve}

    def add_scores(self, iteration: int, values: dict[str, Any]) -> None:
        """Adds what a validation measured; what is no finite number is left out."""
        for name, value in values.items():
            if name in _NO_SCORES or not isinstance(value, (int, float)):
                continue
            if math.isfinite(value):
                self.scores.setdefault(name, {})[iteration] = float(value)

    def add_loss(self, iteration: int, value: Any) -> None:
        """Adds a training loss; what is no finite number is left out."""
        if isinstance(value, (int, float)) and math.isfinite(value):
            self.loss[iteration] = float(value)


def read_run(path: str | Path, name: str | None = None) -> RunCurves:
    """Reads the curves of a run.

    Args:
        path: A work dir; a record, as ``tools/train.py --record`` writes it, whose log
            of the same name has the loss in more detail; an mmengine log, or its
            ``scalars.json``. Of several sessions each replaces what an earlier one
            had from its first iteration on.
        name: What the run is called; from the path if None.

    Raises:
        DataError: If there is no such file, or no curve in it.
    """
    path = Path(path)
    if path.is_dir():
        run = RunCurves(name or path.resolve().name)
        files = sorted(path.rglob('vis_data/scalars.json'))
        if not files:
            raise DataError(f'{shown(path)}: holds no vis_data/scalars.json, so it is no work dir')
        # A folder is named after its beginning: a session replaces what it repeats.
        for file in files:
            _read_scalars(file, run)
    elif not path.is_file():
        raise DataError(f'{shown(path)}: there is no such work dir, record or log')
    elif path.suffix == '.log':
        run = _read_log(path, RunCurves(name or path.stem))
    elif path.suffix == '.json' and path.name != 'scalars.json':
        run = _read_record(path, RunCurves(name or path.stem))
    else:
        run = _read_scalars(path, RunCurves(name or path.resolve().parent.name))
    if not run.loss and not run.scores:
        raise DataError(f'{shown(path)}: holds neither losses nor scores')
    return run


def _read_record(path: Path, run: RunCurves) -> RunCurves:
    try:
        record = json.loads(path.read_text(encoding='utf-8'))
        curve = record.get('curve', []) if isinstance(record, dict) else []
        entries = [(int(entry['iteration']), entry) for entry in curve]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f'{shown(path)}: cannot be read as the record of a run ({error})'
        ) from error
    log = path.with_suffix('.log')
    if log.is_file():
        _read_log(log, run)
        if entries:
            # The log rounds them.
            run.scores = {}
    for iteration, entry in entries:
        if not log.is_file():
            run.add_loss(iteration, entry.get('train_loss'))
        run.add_scores(iteration, scores_of(entry))
    return run


def _read_log(path: Path, run: RunCurves) -> RunCurves:
    last, before, an_epoch = 0, 0, None
    for line in _lines(path):
        if match := _TRAIN_LINE.search(line):
            last = int(match['done'])
            if match['epoch']:
                an_epoch = int(match['all'])
                last += (int(match['epoch']) - 1) * an_epoch
            if last < before:
                run.begin_again(last)
            before = last
            run.add_loss(last, _values(match['values']).get(LOSS))
        elif (match := _VAL_LINE.search(line)) and match['done'] == match['all']:
            whole_epochs = match['epoch'] and an_epoch
            iteration = int(match['epoch']) * an_epoch if whole_epochs else last
            run.add_scores(iteration, _values(match['values']))
    return run


def _values(text: str) -> dict[str, float]:
    return {name: float(value) for name, value in _VALUE.findall(text)}


def _read_scalars(path: Path, run: RunCurves) -> RunCurves:
    """Reads mmengine's lines of JSON.

    A validation's ``step`` counts epochs where the run does, so its iteration is taken
    to be that of the training line before it.
    """
    last = 0
    for number, line in enumerate(_lines(path), start=1):
        try:
            entry = json.loads(line)
        except ValueError as error:
            raise DataError(f'{shown(path)}: line {number} is no JSON ({error})') from error
        if not isinstance(entry, dict):
            raise DataError(f'{shown(path)}: line {number} is no log entry')
        if LOSS in entry and 'lr' in entry:
            first, last = not last, int(entry.get('step', entry.get('iter', last)))
            if first:
                run.begin_again(last)
            run.add_loss(last, entry[LOSS])
        else:
            run.add_scores(last or int(entry.get('step', 0)), entry)
    return run


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding='utf-8', errors='replace') as file:
            yield from (line for line in file if line.strip())
    except OSError as error:
        raise DataError(f'{shown(path)}: cannot be read ({error.strerror or error})') from error


def metrics_of(runs: Iterable[RunCurves]) -> list[str]:
    """Returns the metrics that at least one run has, in the order of their first mention."""
    return list(dict.fromkeys(name for run in runs for name in run.scores))
