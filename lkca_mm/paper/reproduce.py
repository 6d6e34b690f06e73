"""Rows of the paper's tables trained again: planned, run a few at a time, resumed."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

from lkca_mm.config import load_config, shipped_folder
from lkca_mm.errors import ConfigError, DataError
from lkca_mm.files import write_text
from lkca_mm.paper.tables import PaperTable, load_models, load_table
from lkca_mm.record import names_of, read_record

SCHEDULES = {
    'paper': "the paper's schedule",
    'short': "NOT the paper's schedule: 5 passes, or 2,000 iterations of segmentation",
    'smoke': "NOT the paper's schedule: a few iterations on random images, for proof alone",
}

# Data workers cost more than they bring where they share the cores with the training.
_ON_CPU = [f'{name}_dataloader.num_workers=0' for name in ('train', 'val')]
_ON_CPU += [f'{name}_dataloader.persistent_workers=False' for name in ('train', 'val')]


@dataclass
class Job:
    """A model of the tables on a data set with a seed, and how far it is.

    Attributes:
        dataset: The data set, named as the folders in ``configs/``.
        stem: The model's stem in the paper's tables.
        seed: The random seed.
        schedule: One of :data:`SCHEDULES`.
        root: The folder of all jobs of this schedule and precision.
        state: ``'to do'``, ``'done'`` or ``'failed'``.
        error: Why it failed.
        record: What it measured so far.
    """

    dataset: str
    stem: str
    seed: int
    schedule: str
    root: Path
    state: str = 'to do'
    error: str = ''
    record: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Reads what an earlier call has left."""
        configs = shipped_folder('configs')
        name = f'{self.dataset}/{self.stem}_100e.py'
        self.leaf = configs / (f'{self.stem}.py' if self.dataset == 'ade20k' else name)
        self.name = f'{"/".join(names_of(self.leaf))} seed {self.seed}'
        self.folder = self.root / 'runs' / self.name.replace(' seed ', '_seed')
        self.read()

    def read(self) -> None:
        """Reads the record again."""
        try:
            self.record = read_record(self.folder / 'record.json')
        except DataError:
            self.record = {}
        if self.record.get('finished'):
            self.state, self.error = 'done', ''

    def config(self) -> Path:
        """Returns the config to train: the leaf, or one derived from it, which is written."""
        if self.schedule == 'paper':
            return self.leaf
        settings = _settings(self)
        base = os.path.relpath(self.leaf, (self.root / 'configs' / self.dataset).absolute())
        lines = [f'_base_ = {base!r}', *(f'{key} = {value!r}' for key, value in settings.items())]
        path = self.root / 'configs' / self.dataset / f'{names_of(self.leaf)[1]}_{self.schedule}.py'
        write_text(path, '\n'.join(lines) + '\n')
        return path

    def command(self, amp: bool, on_gpu: bool) -> list[str]:
        """Returns the command that trains it, from the start or from where it was cut."""
        words = [sys.executable, str(shipped_folder('tools') / 'train.py'), str(self.config())]
        words += ['--work-dir', str(self.folder), '--seed', str(self.seed), '--resume']
        words += ['--record', str(self.folder / 'record.json'), *(['--amp'] if amp else [])]
        return words if on_gpu else [*words, '--cfg-options', *_ON_CPU]


def _settings(job: Job) -> dict[str, Any]:
    """Returns what the schedules ``short`` and ``smoke`` change in a config."""
    config, segments = load_config(job.leaf).to_dict(), job.dataset == 'ade20k'
    smoke = job.schedule == 'smoke'
    if segments:
        last, every = (2, 1) if smoke else (2000, 500)
        courses, whole = config['param_scheduler'], config['train_cfg']['max_iters']
        for course in courses:
            course |= {key: round(course[key] * last / whole) for key in ('begin', 'end')}
        length = {'train_cfg': {'max_iters': last, 'val_interval': every}}
        length |= {} if smoke else {'param_scheduler': courses}
    else:
        last, every = 2 if smoke else 5, 1
        warm_up, cosine = config['param_scheduler']
        courses = [warm_up | {'begin': 0, 'end': 1}, cosine | {'begin': 1, 'end': last}]
        length = {'train_cfg': {'max_epochs': last, 'passes_per_epoch': 1}}
        length |= {'param_scheduler': courses}
    checkpoint = {'interval': every}
    if smoke:
        # Ninety models and their optimizers would fill tens of gigabytes for nothing.
        checkpoint = {'interval': -1, 'save_last': False, 'save_best': None}
        length |= _random_images(job, config, segments)
    return {**length, 'default_hooks': {'checkpoint': checkpoint}}


def _random_images(job: Job, config: dict[str, Any], segments: bool) -> dict[str, Any]:
    """Writes a few images of noise and returns the loaders that read them."""
    root, generator = job.root / 'images' / job.dataset, np.random.default_rng(0)
    size = {'ade20k': 512, 'tiny-imagenet': 64}.get(job.dataset, 32)
    loaders = {}
    for split, count in (('training', 4), ('validation', 2)):
        for index in range(count if segments else 16):
            folders = (
                [f'images/{split}', f'annotations/{split}']
                if segments
                else [f'{split}/{index % 8}']
            )
            for folder, depth in zip(folders, [(3,), ()], strict=False):
                path = root / folder / f'{index}.png'
                path.parent.mkdir(parents=True, exist_ok=True)
                noise = generator.integers(0, 151, (size, size, *depth), np.uint8)
                Image.fromarray(noise).save(path)
        loader = 'train_dataloader' if split == 'training' else 'val_dataloader'
        if segments:
            # UPerHead pools to one pixel, where a batch of one leaves nothing to normalise over.
            loaders[loader] = {'dataset': {'data_root': str(root.absolute()), 'img_suffix': '.png'}}
            loaders[loader] |= {'batch_size': 2} if split == 'training' else {}
            continue
        pipeline = [{'type': 'LoadImageFromFile'}, *config[loader]['dataset']['pipeline']]
        data = {'type': 'CustomDataset', 'data_root': str((root / split).absolute())}
        data |= {'_delete_': True, 'pipeline': pipeline}
        loaders[loader] = {'batch_size': 8, 'dataset': data}
    return loaders


def select_tables(
    words: Sequence[str], rows: Sequence[str] = (), datasets: Sequence[str] = ()
) -> list[PaperTable]:
    """Returns the tables less the rows and the data sets that are not asked for.

    Args:
        words: ``'1'`` to ``'7'``, or ``'all'``.
        rows: Printed names or stems, in any case; all rows if there are none.
        datasets: Data sets; all of the tables' if there are none.

    Raises:
        ConfigError: If a name is in none of the tables, or nothing is left.
    """
    if wrong := [word for word in words if word not in {*'1234567', 'all'}]:
        raise ConfigError(f'{wrong[0]!r} is not a table of the paper; give 1 to 7, or all')
    tables = [load_table(n) for n in range(1, 8) if {str(n), 'all'} & {*words}]
    names = {n.lower() for t in tables for r in t.rows for n in (r.model, r.config)}
    for option, wanted, known in (
        ('--rows', rows, names),
        ('--datasets', datasets, {name for table in tables for name in table.datasets}),
    ):
        if wrong := [word for word in wanted if word.lower() not in known]:
            listed = ', '.join(sorted(known))
            raise ConfigError(f'{option} {wrong[0]}: is not in the tables; there are {listed}')
    rows, datasets = {row.lower() for row in rows}, {name.lower() for name in datasets}
    chosen = [
        replace(
            table,
            rows=tuple(
                r for r in table.rows if not rows or {r.model.lower(), r.config.lower()} & rows
            ),
            datasets=tuple(name for name in table.datasets if not datasets or name in datasets),
        )
        for table in tables
    ]
    if not (chosen := [table for table in chosen if table.rows and table.datasets]):
        raise ConfigError('no table has these rows on these data sets; leave one of the two out')
    return chosen


def plan_jobs(tables: Sequence[PaperTable], seeds: int, schedule: str, root: Path) -> list[Job]:
    """Returns a job for each model, data set and seed, the first seed of all before the second."""
    pairs = [(name, row.config) for t in tables for name in t.datasets for row in t.rows]
    return [
        Job(*pair, seed, schedule, root) for seed in range(seeds) for pair in {p: 0 for p in pairs}
    ]


def hours_left(jobs: Sequence[Job], places: int) -> float | None:
    """Estimates the hours that are left from the finished jobs of the same data set.

    Args:
        jobs: All jobs.
        places: How many run at a time.

    Returns:
        None while a data set that is left has no finished job. Times are taken to grow with the
        paper's count of multiply-adds, so this is an order of magnitude.
    """
    models, rates = load_models(), {}
    for job in jobs:
        if job.state == 'done':
            seconds = sum(job.record['seconds'].values())
            rates.setdefault(job.dataset, []).append(seconds / models[job.stem].mflops)
    todo = [job for job in jobs if job.state == 'to do']
    if any(job.dataset not in rates for job in todo):
        return None
    seconds = (median(rates[job.dataset]) * models[job.stem].mflops for job in todo)
    return sum(seconds) / places / 3600


def run_jobs(
    jobs: Sequence[Job], places: int, gpus: Sequence[str], amp: bool, on_gpu: bool
) -> None:
    """Runs the jobs that are to do; one that fails does not stop the others.

    Args:
        jobs: All jobs; their states change.
        places: How many run at a time.
        gpus: The GPUs that they take turns on; none for those that are visible already.
        amp: Whether training is in mixed precision.
        on_gpu: Whether it is on GPUs.

    Raises:
        KeyboardInterrupt: After Ctrl-C or SIGTERM, when every process has saved and ended.
    """
    waiting = [job for job in jobs if job.state == 'to do'][::-1]
    threads = str(max(1, len(os.sched_getaffinity(0)) // places))
    running: dict[int, tuple[Job, subprocess.Popen]] = {}
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while waiting or running:
            for place in sorted({*range(places)} - {*running}):
                if not waiting:
                    break
                job, variables = waiting.pop(), {'OMP_NUM_THREADS': threads}
                if gpus:
                    variables['CUDA_VISIBLE_DEVICES'] = gpus[place % len(gpus)]
                job.folder.mkdir(parents=True, exist_ok=True)
                # A session of its own: Ctrl-C reaches us alone, and we pass it on once.
                with (job.folder / 'train.log').open('ab') as log:
                    running[place] = job, subprocess.Popen(
                        job.command(amp, on_gpu), stdin=subprocess.DEVNULL, stdout=log,
                        stderr=log, env=os.environ | variables, start_new_session=True,
                    )  # fmt: skip
                print(f'{time.strftime("%H:%M:%S")} started {job.name}', flush=True)
            time.sleep(0.2)
            for place, (job, process) in [*running.items()]:
                if process.poll() is not None:
                    del running[place]
                    _finish(job, process.returncode)
                    left = hours_left(jobs, places)
                    text = '' if left is None else f'; about {left:.1f} hours left'
                    print(f'{time.strftime("%H:%M:%S")} {job.state} {job.name} {job.error}{text}')
    except KeyboardInterrupt:
        print('ending the runs, which save first; Ctrl-C again ends them at once', file=sys.stderr)
        for _, process in running.values():
            process.send_signal(signal.SIGINT)
        for _, process in running.values():
            process.wait()
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
        for _, process in running.values():
            process.kill()


def _finish(job: Job, code: int) -> None:
    job.read()
    if job.state != 'done':
        lines = (job.folder / 'train.log').read_text(encoding='utf-8', errors='replace').split('\n')
        errors = [line.removeprefix('error: ') for line in lines if line.startswith('error: ')]
        last = [*filter(str.strip, lines), *errors]
        job.state, job.error = 'failed', (last or [f'exit code {code}'])[-1]


def command_line() -> str:
    """Returns the command of this process as a user would type it."""
    return shlex.join(['python', *sys.argv])
