"""Tables of the paper beside our runs of them: text, JSON, and an HTML page with curves."""

import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jinja2

from lkca_mm.files import write_text
from lkca_mm.paper.report import Table, mean_sd
from lkca_mm.paper.reproduce import SCHEDULES, Job
from lkca_mm.paper.tables import DATASETS, PaperTable, Row
from lkca_mm.record import TOP1, environment, write_record
from lkca_mm.visualization.curves import curves_of, draw_curves


def _entry(job: Job, row: Row) -> dict[str, Any]:
    """Returns the validation at the printed iteration; a shorter schedule has its last instead."""
    curve = job.record['curve']
    same = [entry for entry in curve if row.iteration in (None, entry['iteration'])]
    return same[-1] if same else {} if job.schedule == 'paper' else curve[-1]


def outcome_table(paper: PaperTable, jobs: Sequence[Job], schedule: str) -> Table:
    """Returns a table of the paper with our figures beside the printed ones."""
    segments = paper.task == 'segmentation'
    heads = ['data set', 'model', 'config', *(['head', 'iteration'] if segments else [])]
    metrics = ['aAcc', 'mIoU@10'] if segments else ['top-1']
    figures = [f'{m}{end}' for m in metrics for end in (', paper', ', ours', ', difference')]
    title = f'Table {paper.number}, schedule {schedule}: {SCHEDULES[schedule]}'
    table = Table(title, [*heads, *figures, 'state'], left=len(heads))
    for dataset, row in ((name, row) for name in paper.datasets for row in paper.rows):
        mine = [job for job in jobs if (job.dataset, job.stem) == (dataset, row.config)]
        entries = [_entry(job, row) for job in mine if job.state == 'done']
        cells = [DATASETS[dataset], row.model, row.config]
        if segments:
            other = {entry.get('iteration') for entry in entries} - {row.iteration, None}
            scored = f' (ours {min(other):,})' if other else ''
            cells += [row.head, f'{row.iteration:,}{scored}']
        for metric in metrics:
            printed = row.printed[metric if segments else dataset]
            ours = [entry.get(metric if segments else TOP1) for entry in entries]
            ours = [score for score in ours if score is not None]
            gap = f'{sum(ours) / len(ours) - printed:+.2f}' if ours else ''
            cells += [f'{printed:.2f}', mean_sd(ours), gap]
        states = [job.state for job in mine]
        table.rows.append([*cells, max(states, key=['done', 'to do', 'failed'].index)])
        failed = [f'failed: {j.name}: {j.error} ({j.folder}/train.log)' for j in mine if j.error]
        table.notes += [note for note in failed if note not in table.notes]
    table.notes += [f'Erratum: {paper.erratum}.'] if paper.erratum else []
    return table


def _draw_curves(paper: PaperTable, dataset: str, jobs: Sequence[Job], out: Path) -> str:
    """Draws the runs of a table on a data set; returns the file's name, '' without a run."""
    stems = {row.config for row in paper.rows}
    mine = [job for job in jobs if job.dataset == dataset and job.stem in stems]
    runs = {job.name: curves_of(job.record) for job in mine if job.record.get('curve')}
    name = f'curves_table{paper.number}_{dataset}.png'
    if runs:
        draw_curves(runs, out / name, 'aAcc' if paper.task == 'segmentation' else TOP1)
    return name if runs else ''


def write_report(
    out: Path,
    papers: Sequence[PaperTable],
    jobs: Sequence[Job],
    settings: dict[str, Any],
    device: str = 'cpu',
) -> list[Table]:
    """Writes ``report.txt``, ``report.json`` and ``report.html``; returns their tables.

    ``settings`` is what the jobs have in common, ``schedule`` among it.
    """
    schedule = settings['schedule']
    tables = [outcome_table(paper, jobs, schedule) for paper in papers]
    head = {
        'command': shlex.join(['python', *sys.argv]),
        'environment': environment(device),
        'settings': settings,
        'time': time.strftime('%Y-%m-%d %H:%M:%S %z'),
        'papers_schedule': schedule == 'paper',
        'meaning': SCHEDULES[schedule],
    }
    write_text(out / 'report.txt', '\n\n'.join(f'{t.name}\n\n{t.markdown(True)}' for t in tables))
    runs = [{'name': j.name, 'state': j.state, 'error': j.error, **j.record} for j in jobs]
    write_record(out / 'report.json', {**head, 'tables': [*map(asdict, tables)], 'runs': runs})
    drawn = [[(DATASETS[d], _draw_curves(p, d, jobs, out)) for d in p.datasets] for p in papers]
    loader = jinja2.PackageLoader('lkca_mm.paper', '.')
    page = jinja2.Environment(loader=loader, autoescape=True).get_template('page.html')
    sections = zip(tables, drawn, strict=True)
    write_text(out / 'report.html', page.render(sections=sections, **head))
    return tables
