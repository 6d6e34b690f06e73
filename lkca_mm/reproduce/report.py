"""The outcome of all runs as text, JSON and a page."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from lkca_mm.paper import PaperTable
from lkca_mm.record import write_record, write_text
from lkca_mm.reproduce.estimate import duration
from lkca_mm.reproduce.outcome import RowOutcome, RunResult, outcome_table, outcomes_of
from lkca_mm.reproduce.page import Section, build_page
from lkca_mm.reproduce.schedules import MEANING, PAPER

# Nobody folds a file: Tables 6 and 7 have eleven columns.
_TEXT_WIDTH = 200


def build_sections(
    tables: Sequence[PaperTable], results: Sequence[RunResult], configs: Path, schedule: str
) -> list[Section]:
    """Returns the tables with our figures beside the paper's.

    Args:
        tables: The tables, or what was asked for of them.
        results: The results of all runs.
        configs: The folder of the configs.
        schedule: The schedule that the runs followed.
    """
    sections = []
    for table in tables:
        outcomes = outcomes_of(table, results, configs, schedule)
        sections.append(Section(table, outcome_table(table, outcomes, schedule), outcomes))
    return sections


def _row_data(outcome: RowOutcome) -> dict[str, Any]:
    row, experiment = outcome.row, outcome.experiment
    return {
        'model': row.model,
        'config': row.config,
        'dataset': experiment.dataset,
        'head': getattr(row, 'head', None),
        'iteration': getattr(row, 'iteration', None),
        'our_iteration': outcome.iteration or getattr(row, 'iteration', None),
        'state': outcome.state,
        'seeds': [r.planned.run.seed for r in outcome.results if r.state == 'done'],
        'figures': [figure.data() for figure in outcome.figures],
    }


def _run_data(result: RunResult) -> dict[str, Any]:
    run, record = result.planned.run, result.record
    kept = ('params', 'schedule', 'settings', 'environment', 'curve', 'final', 'best', 'seconds')
    return {
        'name': run.name,
        'dataset': run.experiment.dataset,
        'config': run.experiment.stem,
        'seed': run.seed,
        'state': result.state,
        'error': result.error,
        'record': str(run.record_path),
        'log': str(run.log_path),
        **{key: record.get(key) for key in kept},
    }


def report_data(
    sections: Sequence[Section], results: Sequence[RunResult], head: dict[str, Any]
) -> dict[str, Any]:
    """Returns everything as JSON can hold it.

    Args:
        sections: The tables.
        results: The results of all runs.
        head: Command, environment and settings; ``settings`` has the schedule.
    """
    schedule = head['settings']['schedule']
    return {
        **head,
        'papers_schedule': schedule == PAPER,
        'meaning': MEANING[schedule],
        'tables': [
            {
                'number': section.paper.number,
                'title': section.table.name,
                'rows': [_row_data(outcome) for outcome in section.outcomes],
                'notes': section.table.notes,
            }
            for section in sections
        ],
        'runs': [_run_data(result) for result in results],
    }


def summary_of(results: Sequence[RunResult]) -> str:
    """Returns in one sentence how many runs there are, how many failed, and their time."""
    failed = sum(result.state == 'failed' for result in results)
    done = sum(result.state == 'done' for result in results)
    seconds = sum(sum(result.record.get('seconds', {}).values()) for result in results)
    return (
        f'{done} of {len(results)} runs done, {failed} failed; '
        f'{duration(seconds)} of training and scoring in all.'
    )


def _text(sections: Sequence[Section], summary: str) -> str:
    buffer = io.StringIO()
    console = Console(file=buffer, width=_TEXT_WIDTH, color_system=None)
    for section in sections:
        console.print(section.table.rich())
    return '\n'.join(line.rstrip() for line in buffer.getvalue().splitlines()) + f'\n\n{summary}\n'


def _facts(head: dict[str, Any]) -> dict[str, str]:
    settings = (
        f'{key}: {" ".join(value) if isinstance(value, list) else value}'
        for key, value in head['settings'].items()
        if value not in (None, [])
    )
    environment = (f'{key} {value}' for key, value in head['environment'].items())
    return {
        'command': head['command'],
        'settings': '; '.join(settings),
        'environment': '; '.join(environment),
        'time': head['time'],
    }


def write_report(
    folder: Path, sections: Sequence[Section], results: Sequence[RunResult], head: dict[str, Any]
) -> list[Path]:
    """Writes ``report.txt``, ``report.json`` and ``report.html``, each whole or not at all.

    Args:
        folder: Where they go.
        sections: The tables.
        results: The results of all runs.
        head: Command, environment, settings and time.

    Returns:
        The files.
    """
    summary = summary_of(results)
    page = build_page(sections, head['settings']['schedule'], summary, _facts(head))
    paths = [folder / f'report.{kind}' for kind in ('txt', 'json', 'html')]
    write_text(paths[0], _text(sections, summary))
    write_record(paths[1], report_data(sections, results, head))
    write_text(paths[2], page)
    return paths
