"""Rows of the paper's tables trained again: planned, run a few at a time, resumed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
from mmengine.config import Config
from PIL import Image

from lkca_mm.config import load_config, shipped_folder
from lkca_mm.errors import ConfigError
from lkca_mm.paper.tables import PaperTable, load_table
from lkca_mm.record import names_of, read_record

SCHEDULES = {
    'paper': "the paper's schedule",
    'short': "NOT the paper's schedule: 5 passes, or 2,000 iterations of segmentation",
    'smoke': "NOT the paper's schedule: a few iterations on random images, for proof alone",
}
# By schedule: length, warm-up and interval of the validations; in epochs of one pass, and in
# iterations of segmentation.
_LENGTHS = {'short': ((5, 1, 1), (2000, 150, 500)), 'smoke': ((2, 1, 1), (2, 1, 1))}
# Data workers cost more than they bring where they share the cores with the training.
_ON_CPU = [f'{name}_dataloader.num_workers=0' for name in ('train', 'val')]
_ON_CPU += [f'{name}_dataloader.persistent_workers=False' for name in ('train', 'val')]


class Job:
    """A model of the tables (its ``stem``) on a data set with a seed, and how far it is.

    ``root`` is the folder of all jobs of a schedule and precision; ``state`` is ``'to do'``,
    ``'done'`` or ``'failed'``, ``error`` says why, ``record`` is what was measured so far.
    """

    def __init__(self, dataset: str, stem: str, seed: int, schedule: str, root: Path) -> None:
        self.dataset, self.stem, self.seed, self.schedule = dataset, stem, seed, schedule
        self.segments, self.root = dataset == 'ade20k', root.absolute()
        name = f'{stem}.py' if self.segments else f'{dataset}/{stem}_100e.py'
        self.leaf = shipped_folder('configs') / name
        self.name = f'{dataset}/{names_of(self.leaf)[1]} seed {seed}'
        self.folder = self.root / 'runs' / self.name.replace(' seed ', '_seed')
        self.state, self.error, self.record = 'to do', '', {}
        self.read()

    def read(self) -> None:
        """Reads what it has measured, in this call or an earlier one."""
        if (path := self.folder / 'record.json').exists():
            self.record = read_record(path)
        if self.record.get('finished'):
            self.state = 'done'

    def command(self, amp: bool, on_gpu: bool) -> list[str]:
        """Returns the command that trains it, from the start or from where it was cut."""
        words = [sys.executable, str(shipped_folder('tools') / 'train.py'), str(self._config())]
        words += ['--work-dir', str(self.folder), '--seed', str(self.seed), '--resume']
        words += ['--record', str(self.folder / 'record.json'), *(['--amp'] if amp else [])]
        return words if on_gpu else [*words, '--cfg-options', *_ON_CPU]

    def _config(self) -> Path:
        """Returns the config to train: the leaf, or one derived from it, which is written."""
        if self.schedule == 'paper':
            return self.leaf
        config = load_config(self.leaf)
        last, warm_up, interval = _LENGTHS[self.schedule][self.segments]
        length = {'max_iters': last} if self.segments else {'max_epochs': last}
        config.train_cfg.update(length, val_interval=interval)
        first, second = config.param_scheduler
        first.end = second.begin = warm_up
        second.end = last
        if not self.segments:
            config.train_cfg.passes_per_epoch = 1
        if self.schedule == 'smoke':
            # Ninety models and their optimizers would fill tens of gigabytes for nothing.
            config.default_hooks.checkpoint.update(interval=-1, save_last=False, save_best=None)
            _use_random_images(config, self.root / 'images' / self.dataset, self.segments)
        elif self.segments:
            config.default_hooks.checkpoint.interval = interval
        path = self.root / 'configs' / self.dataset / f'{self.stem}_{self.schedule}.py'
        path.parent.mkdir(parents=True, exist_ok=True)
        config.dump(path)
        return path


def _use_random_images(config: Config, root: Path, segments: bool) -> None:
    """Writes a few images of noise and points the loaders at them."""
    generator, side = np.random.default_rng(0), 512 if segments else config.model.backbone.img_size
    shapes = {'images': (side, side, 3), **({'masks': (side, side)} if segments else {})}
    for split in ('train', 'val'):
        for index, kind in product(range(4 if segments else 16), shapes):
            path = root / split / kind / str(index % 8) / f'{index}.png'
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(generator.integers(0, 151, shapes[kind], np.uint8)).save(path)
        loader = config[f'{split}_dataloader']
        pipeline, folder = loader.dataset.pipeline, root / split
        if segments:
            places = {'img_path': 'images', 'seg_map_path': 'masks'}
            loader.dataset.update(data_root=str(folder), data_prefix=places, img_suffix='.png')
        else:
            pipeline = [{'type': 'LoadImageFromFile'}, *pipeline]
            loader.dataset = {'type': 'CustomDataset', 'data_root': str(folder / 'images')}
            loader.dataset.pipeline = pipeline
        # UPerHead pools to one pixel, where a batch of one leaves nothing to normalise over.
        loader.batch_size = 2 if segments and split == 'train' else 1 if segments else 8


def select_tables(
    words: Sequence[str], rows: Sequence[str] = (), datasets: Sequence[str] = ()
) -> list[PaperTable]:
    """Returns the tables less the rows and the data sets that are not asked for.

    Args:
        words: ``'1'`` to ``'7'``, or ``'all'``.
        rows: Printed names or stems, in any case; all rows if there are none.
        datasets: Data sets; all of the tables' if there are none.

    Raises:
        ConfigError: If a name is in none of the tables.
    """
    if wrong := {*words} - {*'1234567', 'all'}:
        raise ConfigError(f'{min(wrong)!r} is not a table of the paper; give 1 to 7, or all')
    tables = [load_table(n) for n in range(1, 8) if {str(n), 'all'} & {*words}]
    wanted = {word.lower() for word in (*rows, *datasets)}
    known = {name for table in tables for name in table.datasets}
    known |= {n.lower() for t in tables for row in t.rows for n in (row.model, row.config)}
    if wrong := wanted - known:
        listed = ', '.join(sorted(known))
        raise ConfigError(f'{min(wrong)}: is not in the tables; there are {listed}')
    for index, table in enumerate(tables):
        names = [name for name in table.datasets if not datasets or name in wanted]
        mine = [r for r in table.rows if not rows or {r.model.lower(), r.config.lower()} & wanted]
        tables[index] = table._replace(datasets=names, rows=mine)
    return [table for table in tables if table.rows and table.datasets]


def plan_jobs(tables: Sequence[PaperTable], seeds: int, schedule: str, root: Path) -> list[Job]:
    """Returns a job for each model, data set and seed, the first seed of all before the second."""
    pairs = [(name, row.config) for t in tables for name in t.datasets for row in t.rows]
    seeds = range(seeds)
    return [Job(*pair, seed, schedule, root) for seed in seeds for pair in dict.fromkeys(pairs)]


def run_jobs(
    jobs: Sequence[Job], places: int, gpus: Sequence[str], amp: bool, on_gpu: bool
) -> None:
    """Runs the jobs that are to do, ``places`` at a time; one that fails stops no other one.

    They take turns on ``gpus``; with none, each sees all that are visible.

    Raises:
        KeyboardInterrupt: After Ctrl-C or SIGTERM, when every process has saved and ended.
    """
    waiting = [job for job in jobs if job.state == 'to do'][::-1]
    variables = os.environ | {'OMP_NUM_THREADS': str(max(1, (os.cpu_count() or 1) // places))}
    running: dict[int, tuple[Job, subprocess.Popen[bytes]]] = {}
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while waiting or running:
            for place in sorted({*range(places)} - {*running})[: len(waiting)]:
                job = waiting.pop()
                gpu = {'CUDA_VISIBLE_DEVICES': gpus[place % len(gpus)]} if gpus else {}
                job.folder.mkdir(parents=True, exist_ok=True)
                with (job.folder / 'train.log').open('ab') as log:
                    # A session of its own: Ctrl-C reaches us alone, and we pass it on once.
                    process = subprocess.Popen(
                        job.command(amp, on_gpu), stdin=subprocess.DEVNULL, stdout=log,
                        stderr=log, env=variables | gpu, start_new_session=True,
                    )  # fmt: skip
                running[place] = job, process
                print(f'{time.strftime("%H:%M:%S")} started {job.name}', flush=True)
            time.sleep(0.2)
            for place in [place for place, (_, p) in running.items() if p.poll() is not None]:
                job, process = running.pop(place)
                _finish(job, process.returncode)
                text = f'{job.state} {job.name} {job.error}; {len(waiting)} more to start'
                print(f'{time.strftime("%H:%M:%S")} {text}', flush=True)
    except KeyboardInterrupt:
        print('ending the runs, which save first; Ctrl-C again ends them at once', file=sys.stderr)
        for _, process in running.values():
            process.terminate()  # as Ctrl-C, which a process started in the background ignores
        for _, process in running.values():
            process.wait()
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
        for _, process in running.values():
            process.kill()


def _finish(job: Job, code: int) -> None:
    job.read()
    if code or job.state != 'done':
        lines = (job.folder / 'train.log').read_text(encoding='utf-8', errors='replace').split('\n')
        lines = [line for line in lines if line.strip()] or [f'exit code {code}']
        errors = [line.removeprefix('error: ') for line in lines if line.startswith('error: ')]
        job.state, job.error = 'failed', (errors or lines)[-1]
