"""Where a run works, what it is told, and what it has left."""

import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lkca_mm.engine.run_config import load_config
from lkca_mm.errors import DataError
from lkca_mm.record import write_text
from lkca_mm.report.facts import names_of
from lkca_mm.report.runs import read_json
from lkca_mm.reproduce.schedules import PAPER, SMOKE, label_of, settings_of
from lkca_mm.reproduce.selection import Experiment
from lkca_mm.shipped import shipped_folder

TRAIN = shipped_folder('tools') / 'train.py'

# Data workers cost more than they bring where they share the cores with the training.
_NO_WORKERS = tuple(
    f'{name}_dataloader.{setting}'
    for name in ('train', 'val')
    for setting in ('num_workers=0', 'persistent_workers=False')
)


def shown(path: Path) -> str:
    """Returns a path as short as the records of it should be."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def command_line(words: Sequence[str]) -> str:
    """Returns a command as a user would type it."""
    return shlex.join(['python', *words])


@dataclass(frozen=True)
class Workspace:
    """What all runs of one call have in common.

    Attributes:
        root: The folder of everything that the runs leave.
        configs: The folder of the configs.
        schedule: One of :data:`lkca_mm.reproduce.schedules.SCHEDULES`.
        amp: Whether training is in mixed precision.
        on_gpu: Whether it is on GPUs.
    """

    root: Path
    configs: Path
    schedule: str
    amp: bool = False
    on_gpu: bool = False

    @property
    def folder(self) -> Path:
        """The folder of this schedule and precision: other ones are other experiments."""
        return self.root / (f'{self.schedule}-amp' if self.amp else self.schedule)

    @property
    def data(self) -> Path:
        """The folder of the generated data sets."""
        return self.root / 'stand-ins'


@dataclass(frozen=True)
class Run:
    """One experiment with one seed.

    Attributes:
        experiment: The experiment.
        seed: Its random seed.
        workspace: What it shares with the others.
    """

    experiment: Experiment
    seed: int
    workspace: Workspace

    @property
    def name(self) -> str:
        """What it is called in tables and messages."""
        return f'{self.experiment.name} seed {self.seed}'

    @property
    def folder(self) -> Path:
        """Its work dir."""
        return self.workspace.folder / 'runs' / f'{self.experiment.name}_seed{self.seed}'

    @property
    def record_path(self) -> Path:
        """What it measures."""
        return self.folder / 'record.json'

    @property
    def log_path(self) -> Path:
        """What it prints, over all its sessions."""
        return self.folder / 'train.log'

    @property
    def config_path(self) -> Path:
        """The config that it trains: the project's own, or one derived from it.

        Derived configs lie as those in ``configs/`` do, because their place says
        what they are.
        """
        leaf, schedule = self.experiment.config, self.workspace.schedule
        if schedule == PAPER:
            return leaf
        dataset, model = names_of(leaf)
        label = label_of(self.experiment, schedule)
        folder = self.workspace.folder / 'configs'
        if self.experiment.segments:
            return folder / f'{model}_{dataset}_{label}.py'
        return folder / dataset / f'{model}_{label}.py'

    def command(self) -> list[str]:
        """Returns the command that trains it, from the start or from where it was cut."""
        config = self.config_path
        words = [sys.executable, shown(TRAIN), shown(config), '--work-dir', str(self.folder)]
        words += ['--seed', str(self.seed), '--record', str(self.record_path), '--resume']
        words += ['--amp'] if self.workspace.amp else []
        options = [] if self.workspace.on_gpu else [*_NO_WORKERS]
        if self.workspace.schedule != SMOKE:
            # How often the live table hears of a run that takes a second an iteration.
            options.append('default_hooks.logger.interval=20')
        return [*words, '--cfg-options', *options] if options else words

    def read_record(self) -> dict[str, Any]:
        """Returns what was measured so far, empty if nothing was or it cannot be read."""
        try:
            record = read_json(self.record_path)
        except DataError:
            return {}
        return record if isinstance(record, dict) else {}

    def write_config(self) -> None:
        """Writes the derived config: the leaf as its base, and what the schedule changes."""
        path, leaf = self.config_path, self.experiment.config
        if path == leaf:
            return
        base = os.path.relpath(leaf.absolute(), path.absolute().parent)
        settings = settings_of(
            self.experiment,
            self.workspace.schedule,
            load_config(str(leaf)),
            self.workspace.configs,
            self.workspace.data,
        )
        lines = [f'_base_ = {base!r}', *(f'{key} = {value!r}' for key, value in settings.items())]
        write_text(path, '\n'.join(lines) + '\n')
