"""The outcome as one HTML file that needs nothing beside itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Any

from lkca_mm.paper import ClassificationRow, PaperTable
from lkca_mm.report.table import Table
from lkca_mm.reproduce.curves import Line, Panel, draw, scales_of
from lkca_mm.reproduce.outcome import DATASETS, RowOutcome, short_name
from lkca_mm.reproduce.schedules import MEANING, PAPER

# No script, no picture and no style sheet from anywhere, even if a text slipped through.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@dataclass(frozen=True)
class Section:
    """A table of the paper on the page.

    Attributes:
        paper: The paper's table.
        table: The same with our figures.
        outcomes: What its rows came to.
    """

    paper: PaperTable
    table: Table
    outcomes: Sequence[RowOutcome]


def _points(
    curve: Sequence[dict[str, Any]], unit: str, name: str
) -> tuple[tuple[float, float], ...]:
    return tuple(
        (entry[unit], entry[name])
        for entry in curve
        if entry.get(unit) is not None and entry.get(name) is not None
    )


def panel_of(outcomes: Sequence[RowOutcome]) -> Panel:
    """Returns the curves of one experiment.

    Args:
        outcomes: All rows of a table that stand for it.
    """
    first = outcomes[0]
    classifies = isinstance(first.row, ClassificationRow)
    unit = 'epoch' if classifies else 'iteration'
    metrics = {figure.metric: short_name(figure.metric) for figure in first.figures}
    lines = []
    for result in first.results:
        curve, seed = result.record.get('curve') or [], result.planned.run.seed
        for metric, name in (*metrics.items(), ('train_loss', 'loss')):
            lines.append(Line(name, seed, _points(curve, unit, metric)))
    lines = tuple(line for line in lines if line.points)
    # Beyond the end of a short run they would squeeze its curves into a corner.
    end = max((line.points[-1][0] for line in lines), default=0)
    printed = {
        name: tuple(
            (None if classifies else outcome.row.iteration, figure.paper)
            for outcome in outcomes
            for figure in outcome.figures
            if figure.metric == metric and (classifies or outcome.row.iteration <= end)
        )
        for metric, name in metrics.items()
    }
    title = first.row.model if classifies else f'{first.row.model} {first.row.head}'
    return Panel(title, unit, tuple(metrics.values()), lines, printed)


def _is_lkca(stem: str) -> bool:
    return 'lkca' in stem


def _table(section: Section) -> str:
    table = section.table
    # Figures to the right, and the model's name for the style sheet to find.
    kinds = ['number' if index >= table.left else name for index, name in enumerate(table.columns)]
    kinds = [f' class={kind}' if kind in ('number', 'model') else '' for kind in kinds]
    head = ''.join(
        f'<th scope="col"{kind}>{escape(name)}</th>'
        for name, kind in zip(table.columns, kinds, strict=True)
    )
    body = []
    for cells, outcome in zip(table.rows, section.outcomes, strict=True):
        row = ''.join(
            f'<td{kind}>{escape(cell)}</td>' for cell, kind in zip(cells, kinds, strict=True)
        )
        lkca = ' lkca' if _is_lkca(outcome.experiment.stem) else ''
        body.append(f'<tr class="{outcome.state}{lkca}">{row}</tr>')
    # A wide table scrolls by itself, also by keyboard, and not the page.
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="Table {section.paper.number}">'
        f'<table><thead><tr>{head}</tr></thead><tbody>{"".join(body)}</tbody></table></div>'
    )


def _legend(panels: Sequence[Panel]) -> str:
    scores = panels[0].scores
    keys = ''.join(
        f'<span class="key s{index}">{escape(name)}</span>' for index, name in enumerate(scores)
    )
    mark = 'dashed' if panels[0].unit == 'epoch' else 'hollow diamonds'
    return (
        f'<p class="legend">{keys}<span class="key loss">training loss</span>'
        f'<span>{mark}: the paper; a line a seed; all panels have the same axes</span></p>'
    )


def _curves(section: Section) -> str:
    parts = []
    for dataset in section.paper.datasets:
        groups: dict[str, list[RowOutcome]] = {}
        for outcome in section.outcomes:
            if outcome.experiment.dataset == dataset:
                groups.setdefault(outcome.experiment.stem, []).append(outcome)
        panels = {stem: panel_of(group) for stem, group in groups.items()}
        drawn = {stem: panel for stem, panel in panels.items() if panel.lines}
        if not drawn:
            continue
        scales = scales_of([*drawn.values()])
        figures = ''.join(
            f'<figure{" class=lkca" if _is_lkca(stem) else ""}>'
            f'<figcaption>{escape(panel.title)}</figcaption>{draw(panel, scales)}</figure>'
            for stem, panel in drawn.items()
        )
        parts.append(
            f'<h3>Curves, {escape(DATASETS[dataset])}</h3>{_legend([*drawn.values()])}'
            f'<div class="panels">{figures}</div>'
        )
    return ''.join(parts)


def _section(section: Section) -> str:
    number = section.paper.number
    names = ', '.join(DATASETS[name] for name in section.paper.datasets)
    items = ''.join(f'<li>{escape(note)}</li>' for note in section.table.notes)
    notes = f'<ul class="notes">{items}</ul>' if items else ''
    return (
        f'<section id="table{number}"><h2>Table {number} <small>{escape(names)}</small></h2>'
        f'{_table(section)}{notes}{_curves(section)}</section>'
    )


def _facts(facts: dict[str, str]) -> str:
    rows = ''.join(
        f'<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>' for name, value in facts.items()
    )
    return f'<dl>{rows}</dl>'


def build_page(
    sections: Sequence[Section], schedule: str, summary: str, facts: dict[str, str]
) -> str:
    """Returns the page.

    Args:
        sections: The tables.
        schedule: The schedule that the runs followed.
        summary: One sentence: how many runs there were, and how many failed.
        facts: What else to say of the measurement, at the end.
    """
    style = files('lkca_mm.reproduce').joinpath('page.css').read_text(encoding='utf-8')
    links = ''.join(
        f'<a href="#table{section.paper.number}">Table {section.paper.number}</a>'
        for section in sections
    )
    kind = 'good' if schedule == PAPER else 'warning'
    body = ''.join(map(_section, sections))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="color-scheme" content="light dark">'
        # Without one a browser asks the server for favicon.ico.
        '<link rel="icon" href="data:,">'
        f'<title>LKCA reproduced: {escape(schedule)} schedule</title><style>{style}</style></head>'
        '<body><header><h1>LKCA: the paper beside ours</h1>'
        f'<p class="banner {kind}" role="note"><strong>Schedule <code>{escape(schedule)}</code>'
        f':</strong> {escape(MEANING[schedule])}.</p><p>{escape(summary)}</p>'
        f'<nav aria-label="Tables">{links}</nav></header><main>{body}</main>'
        f'<footer><h2>How it was measured</h2>{_facts(facts)}</footer></body></html>\n'
    )
