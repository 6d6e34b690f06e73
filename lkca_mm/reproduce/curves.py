"""Curves of a row's runs as one inline SVG: scores above, training loss below.

Drawn by hand and not by matplotlib: ninety of them stay small, and their colours follow
the page's light and dark themes through its style sheet.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from math import ceil, floor

_WIDTH, _HEIGHT = 280, 222
_LEFT, _RIGHT = 34, 270
_SCORES = (12, 120)
_LOSS = (150, 198)
# With more points than this, dots on a line hide it.
_MOST_DOTS = 12

Point = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """One run's values of one measure.

    Attributes:
        measure: What is drawn, ``'loss'`` or the name of a score.
        seed: The run's seed.
        points: Where and what.
    """

    measure: str
    seed: int
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Panel:
    """What one picture shows.

    Attributes:
        title: The row.
        unit: What the horizontal axis counts, ``'epoch'`` or ``'iteration'``.
        scores: Names of the scores, in the order of their colours.
        lines: The runs' curves.
        printed: The paper's figures of each score; a place of None is anywhere.
    """

    title: str
    unit: str
    scores: tuple[str, ...]
    lines: tuple[Line, ...]
    printed: dict[str, tuple[tuple[float | None, float], ...]] = field(default_factory=dict)

    def values(self, loss: bool) -> Iterable[float]:
        """Yields all values of the upper plot, or of the lower."""
        for line in self.lines:
            if (line.measure == 'loss') == loss:
                yield from (value for _, value in line.points)
        if not loss:
            for figures in self.printed.values():
                yield from (value for _, value in figures)


@dataclass(frozen=True)
class Axis:
    """Where values lie on the page."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Returns a value's place."""
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return self.start + share * (self.end - self.start)


def span(values: Iterable[float], step: float) -> tuple[float, float]:
    """Returns round numbers that enclose the values; one step if there are none."""
    values = [*values]
    if not values:
        return 0.0, step
    low, high = floor(min(values) / step) * step, ceil(max(values) / step) * step
    return (low, high) if high > low else (low, low + step)


@dataclass(frozen=True)
class Scales:
    """What the panels of one table have in common, so that they can be compared.

    Attributes:
        score: Lowest and highest score.
        loss: Lowest and highest loss.
        end: Where the longest run ends.
    """

    score: tuple[float, float]
    loss: tuple[float, float]
    end: float


def scales_of(panels: Sequence[Panel]) -> Scales:
    """Returns the scales that fit all panels."""
    places = [x for panel in panels for line in panel.lines for x, _ in line.points]
    return Scales(
        span((value for panel in panels for value in panel.values(loss=False)), 10),
        span((value for panel in panels for value in panel.values(loss=True)), 0.5),
        max(places, default=1.0),
    )


def _ticks(axis: Axis, unit: str) -> str:
    parts = []
    for value in (axis.low, (axis.low + axis.high) / 2, axis.high):
        y = axis(value)
        text = f'{value:g}{unit}'
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text x="{_LEFT - 4}" y="{y + 3:.1f}" text-anchor="end">{text}</text>'
        )
    return ''.join(parts)


def _draw_line(line: Line, kind: str, x: Axis, y: Axis) -> str:
    places = [(x(place), y(value)) for place, value in line.points]
    path = ' '.join(f'{a:.1f},{b:.1f}' for a, b in places)
    dots = places if len(places) <= _MOST_DOTS else places[-1:]
    name = escape(f'{line.measure}, seed {line.seed}')
    last = f'{line.points[-1][1]:.2f}' if line.points else ''
    return (
        f'<g class="{kind}"><title>{name}: {last} at the end</title>'
        f'<polyline points="{path}"/>'
        + ''.join(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2"/>' for a, b in dots)
        + '</g>'
    )


def _draw_printed(panel: Panel, x: Axis, y: Axis) -> str:
    """Draws the paper's figures: a dashed line, or a diamond where a place is printed."""
    parts = []
    for score, figures in panel.printed.items():
        kind = f's{panel.scores.index(score)}'
        for place, value in figures:
            title = f'<title>{escape(score)} in the paper: {value:.2f}</title>'
            b = y(value)
            if place is None:
                mark = f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{b:.1f}" y2="{b:.1f}"/>'
            else:
                a = x(place)
                mark = f'<path d="M{a:.1f} {b - 4:.1f}l4 4-4 4-4-4z"/>'
            parts.append(f'<g class="paper {kind}">{title}{mark}</g>')
    return ''.join(parts)


def draw(panel: Panel, scales: Scales) -> str:
    """Returns a panel as an SVG element for a page with the style sheet of ``page.py``.

    Args:
        panel: What to draw.
        scales: The scales of its table.
    """
    x = Axis(0, scales.end, _LEFT, _RIGHT)
    score, loss = Axis(*scales.score, *_SCORES[::-1]), Axis(*scales.loss, *_LOSS[::-1])
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
        f'<title>{escape(panel.title)}: {escape(", ".join(panel.scores))} and training loss by '
        f'{escape(panel.unit)}</title>',
        _ticks(score, '%'),
        _ticks(loss, ''),
        f'<text x="{_LEFT}" y="{_LOSS[0] - 7}">training loss</text>',
        f'<text x="{_LEFT}" y="{_HEIGHT - 8}">0</text>',
        f'<text x="{_RIGHT}" y="{_HEIGHT - 8}" text-anchor="end">{panel.unit} '
        f'{scales.end:,.0f}</text>',
        _draw_printed(panel, x, score),
    ]
    for line in panel.lines:
        if line.measure == 'loss':
            parts.append(_draw_line(line, 'loss', x, loss))
        else:
            parts.append(_draw_line(line, f's{panel.scores.index(line.measure)}', x, score))
    return ''.join((*parts, '</svg>'))
