"""Reading the records of training runs, and which of them are seeds of one experiment."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lkca_mm.errors import DataError

TOP1 = 'accuracy/top1'

# Options that change how a run computes and what it keeps, but not what it learns.
_WITHOUT_EFFECT = ('default_hooks.', 'env_cfg.', 'log_', 'visualizer', 'vis_backends', 'work_dir')
# One process's batch size is no news either: the schedule has that of all processes.
_WITHOUT_EFFECT_ON_LOADERS = (
    'batch_size',
    'num_workers',
    'persistent_workers',
    'pin_memory',
    'prefetch_factor',
)
# Options that the schedule's own figures show already.
_SHOWN_BY_THE_SCHEDULE = ('train_cfg.', 'param_scheduler')
_PAPERS_BATCH = 128

# What the tables read must be of these kinds.
_KINDS = {
    'dataset': str,
    'model': str,
    'seed': int,
    'params': int,
    'schedule': dict,
    'settings': dict,
    'final': dict,
    'best': dict,
}


@dataclass(frozen=True)
class Run:
    """One training run, as ``tools/train.py --record`` wrote it down.

    Attributes:
        path: Its file.
        dataset: The data set's name, as the folders in ``configs/`` are called.
        model: The model's name, as the config's stem begins.
        seed: The random seed.
        params: Learnable parameters.
        schedule: Epochs, passes over the data in each, batch size, optimiser.
        settings: Options by which it differs from its config.
        finished: Whether it ran to its end.
        final: Scores of the last validation.
        best: The best score of each metric, with its ``value``.
        dirty: Whether the checkout had changes that no commit holds.
    """

    path: Path
    dataset: str
    model: str
    seed: int
    params: int
    schedule: dict[str, Any]
    settings: dict[str, Any]
    finished: bool
    final: dict[str, float | None]
    best: dict[str, dict[str, Any]]
    dirty: bool

    @property
    def telling(self) -> dict[str, Any]:
        """The options that may change what is learned."""
        return {name: value for name, value in self.settings.items() if _is_telling(name)}

    @property
    def signature(self) -> str:
        """The same for two runs that differ in nothing but their seed."""
        facts = [self.dataset, self.model, self.recipe]
        return json.dumps(facts, sort_keys=True)

    @property
    def recipe(self) -> str:
        """How the run was trained, for comparing models."""
        return json.dumps([self.schedule, self.telling], sort_keys=True)

    @property
    def label(self) -> str:
        """The schedule in short, ``'100e x3'``, and what of the recipe it does not show."""
        epochs = self.schedule.get('max_epochs')
        if epochs is None:
            length = f'{self.schedule.get("total_iterations")} iterations'
        else:
            length = f'{epochs}e x{self.schedule.get("passes_per_epoch", 1)}'
        batch_size = self.schedule.get('batch_size')
        batch = [] if batch_size in (None, _PAPERS_BATCH) else [f'batch {batch_size}']
        shown = (
            f'{name}={value}'
            for name, value in sorted(self.telling.items())
            if not name.startswith(_SHOWN_BY_THE_SCHEDULE)
        )
        return ', '.join((length, *batch, *shown))

    @property
    def length(self) -> int:
        """Iterations, for putting schedules in order."""
        return self.schedule.get('total_iterations') or 0


def _is_telling(name: str) -> bool:
    if name.startswith(_WITHOUT_EFFECT) or name == 'train_cfg.val_interval':
        return False
    loader, _, setting = name.partition('.')
    return not (loader.endswith('_dataloader') and setting in _WITHOUT_EFFECT_ON_LOADERS)


def read_json(path: Path) -> Any:
    """Reads a JSON file.

    Raises:
        DataError: If it cannot be read.
    """
    try:
        return json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        raise DataError(f'{path}: cannot be read as JSON ({error}); write it anew') from error


def _is_training(record: Any) -> bool:
    return isinstance(record, dict) and 'curve' in record


def _is_dirty(record: dict[str, Any]) -> bool:
    sessions = [record['environment'], *record.get('sessions', [])]
    return any(str(session.get('commit') or '').endswith('+') for session in sessions)


def _parse(path: Path, record: dict[str, Any]) -> Run:
    names = sorted(set(Run.__dataclass_fields__) - {'path', 'dirty'})
    try:
        facts = {name: record[name] for name in names}
        run = Run(path=path, dirty=_is_dirty(record), **facts)
    except KeyError as error:
        raise DataError(f'{path}: lacks the key `{error.args[0]}`; record the run anew') from error
    except (AttributeError, TypeError) as error:
        raise DataError(f'{path}: is no record of a training run ({error})') from error
    for key, kind in _KINDS.items():
        if not isinstance(record[key], kind):
            raise DataError(f'{path}: `{key}` is {record[key]!r}; record the run anew')
    for name, value in run.final.items():
        if value is None or 'loss' in name:
            continue
        if not isinstance(value, (int, float)):
            raise DataError(f'{path}: `final` says {name}={value!r}; record the run anew')
        best = run.best.get(name)
        if not isinstance(best, dict) or not isinstance(best.get('value'), (int, float)):
            raise DataError(f'{path}: `best` has no value for {name}; record the run anew')
    return run


def load_runs(folder: str | Path) -> list[Run]:
    """Reads every record of a training run below ``folder``; other JSON files are skipped.

    Args:
        folder: Usually ``results``.

    Raises:
        DataError: If a file is no JSON, or a record lacks a key.
    """
    records = ((path, read_json(path)) for path in sorted(Path(folder).rglob('*.json')))
    return [_parse(path, record) for path, record in records if _is_training(record)]


def finished_classification(runs: list[Run]) -> list[Run]:
    """Returns the runs that ran to their end and have a top-1 accuracy."""
    return [run for run in runs if run.finished and run.final.get(TOP1) is not None]


def group_seeds(runs: list[Run]) -> list[list[Run]]:
    """Puts runs that differ in nothing but their seed together, ordered by seed."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.signature, []).append(run)
    return [sorted(group, key=lambda run: run.seed) for group in groups.values()]
