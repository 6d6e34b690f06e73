"""The report's page: what stands on it, that it needs nothing else, that a browser shows it."""

import html
import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from browser import CHROMIUM, visit
from made_up_runs import CONFIGS, curve, make_plan, result, segmentation_curve

from lkca_mm.reproduce.curves import Axis, Line, Panel, draw, scales_of, span
from lkca_mm.reproduce.report import build_sections, write_report
from lkca_mm.reproduce.selection import select_tables

HOSTILE = '</style><script>fetch("http://example.org")</script><img src="http://example.org/x.png">'


@pytest.fixture
def written(tmp_path):
    """A report of a table of each kind, over two seeds, with a failure that says too much."""
    tables = [1, 6]
    plan = make_plan(tables, tmp_path, seeds=2, schedule='short')
    results = []
    for planned in plan:
        if planned.run.experiment.stem == 'vit-8m':
            results.append(result(planned, [], 'failed', HOSTILE))
        elif planned.run.experiment.segments:
            scores = {at: (30 + at / 400 + planned.run.seed, at / 500) for at in (500, 1000, 2000)}
            results.append(result(planned, segmentation_curve(scores)))
        else:
            results.append(result(planned, curve(60.0 + planned.run.seed, epochs=5)))
    head = {
        'command': 'python tools/reproduce.py 1 6 --schedule short --seeds 2',
        'environment': {'torch': '2.x', 'commit': HOSTILE},
        'settings': {'schedule': 'short', 'seeds': 2},
        'time': '2026-01-01 00:00:00 +0000',
    }
    sections = build_sections(select_tables(tables), results, CONFIGS, 'short')
    write_report(tmp_path / 'out', sections, results, head)
    return tmp_path / 'out'


class _Reader(HTMLParser):
    """Keeps tags, attributes, and the text by the element that it stands in."""

    VOID = {'meta', 'link', 'img', 'br', 'hr', 'input'}

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.text, self._open = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *attribute) for attribute in attrs]
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self._open and self._open.pop() == tag, f'</{tag}> closes another element'

    def handle_data(self, data):
        self.text.append((self._open[-1] if self._open else '', data))


def read(page):
    reader = _Reader()
    reader.feed(page.read_text())
    reader.close()
    assert not reader._open, reader._open
    return reader


def test_nothing_is_asked_of_anywhere_else(written):
    reader = read(written / 'report.html')
    assert not {'script', 'img', 'iframe', 'object', 'embed', 'base', 'form'} & set(reader.tags)
    for tag, name, value in reader.attributes:
        if name in ('href', 'src', 'srcset', 'action', 'data', 'poster', 'xlink:href'):
            assert value.startswith(('#', 'data:')), (tag, name, value)
        assert not name.startswith('on'), (tag, name)
    (style,) = [text for tag, text in reader.text if tag == 'style']
    assert not re.search(r'url\(|@import|//', style)
    targets = {value for _, name, value in reader.attributes if name == 'id'}
    links = {v for tag, name, v in reader.attributes if (tag, name) == ('a', 'href')}
    assert links == {f'#{target}' for target in targets} == {'#table1', '#table6'}


def test_texts_stay_texts(written):
    page = (written / 'report.html').read_text()
    assert HOSTILE not in page and html.escape(HOSTILE) in page
    assert HOSTILE in ''.join(text for _, text in read(written / 'report.html').text)


def test_the_page_says_what_was_run_and_under_which_schedule(written):
    text = ' '.join(text for _, text in read(written / 'report.html').text)
    assert "NOT the paper's schedule" in text
    assert 'python tools/reproduce.py 1 6 --schedule short --seeds 2' in text
    assert '60.50 ± 0.71 (n=2)' in text and '-33.61' in text
    assert '26 of 28 runs done, 2 failed' in text
    assert 'failed: cifar10/vit-8m seed 1' in text


def test_every_finished_row_has_its_curves(written):
    reader = read(written / 'report.html')
    # Twelve rows of Table 1 but the failed one; Table 6 is two models.
    assert reader.tags.count('svg') == 11 + 2
    # A score and a loss for each of two seeds; segmentation has two scores.
    assert reader.tags.count('polyline') == 11 * 2 * 2 + 2 * 2 * 3
    pictures = re.findall(r'<svg.*?</svg>', (written / 'report.html').read_text())
    for picture in pictures:
        root = ElementTree.fromstring(picture)
        assert root.get('role') == 'img' and root.find('title').text
        # Of Table 6, only the first of the printed scores lies within 2,000 iterations.
        marks = root.findall(".//g[@class='paper s0']")
        assert len(marks) == 1
        assert all('nan' not in value.lower() for e in root.iter() for value in e.attrib.values())


def test_text_and_json_say_the_same(written):
    text = (written / 'report.txt').read_text()
    assert '60.50 ± 0.71 (n=2)' in text and "NOT the paper's schedule" in text
    data = json.loads((written / 'report.json').read_text())
    assert data['papers_schedule'] is False and data['settings']['schedule'] == 'short'
    first, second = data['tables']
    row = first['rows'][0]
    assert (row['model'], row['config'], row['seeds']) == ('ViT', 'vit-small', [0, 1])
    figure = row['figures'][0]
    assert (figure['paper'], figure['values']) == (93.36, [60.0, 61.0])
    assert figure['difference'] == pytest.approx(60.5 - 93.36)
    assert figure['spread'] == pytest.approx(0.5**0.5)
    assert [row['our_iteration'] for row in second['rows']] == [2000] * 8
    failed = [run for run in data['runs'] if run['state'] == 'failed']
    assert [(run['config'], run['error']) for run in failed] == [('vit-8m', HOSTILE)] * 2
    assert len(data['runs'][0]['curve']) == 5


def test_curves_lie_where_the_values_say():
    axis = Axis(low=0, high=100, start=120, end=20)
    assert [axis(value) for value in (0, 50, 100)] == [120, 70, 20]
    line = Line('top-1', 0, ((0, 20.0), (10, 80.0)))
    panel = Panel('x', 'epoch', ('top-1',), (line,), {'top-1': ((None, 90.0),)})
    scales = scales_of([panel])
    assert scales.score == (20, 90) and scales.end == 10
    root = ElementTree.fromstring(draw(panel, scales))
    (points,) = [e.get('points') for e in root.iter('polyline')]
    (left, low), (right, high) = (map(float, point.split(',')) for point in points.split())
    (dashed,) = root.findall(".//g[@class='paper s0']/line")
    assert right > left and low > high > float(dashed.get('y1'))
    # 80 lies six sevenths of the way from 20 to the paper's 90.
    assert (low - high) / (low - float(dashed.get('y1'))) == pytest.approx(6 / 7, abs=0.01)


def test_axes_enclose_their_values():
    assert span([12, 37], 10) == (10, 40)
    assert span([20, 20], 10) == (20, 30)
    assert span([], 0.5) == (0, 0.5)


@pytest.mark.skipif(CHROMIUM is None, reason='needs Chromium')
def test_a_browser_shows_it_without_a_word_to_the_network(written, tmp_path):
    seen = visit(written / 'report.html', tmp_path)
    assert seen.console == []
    assert seen.requests == []
    assert seen.dom.count('<polyline') == 56 and '±' in seen.dom


@pytest.mark.skipif(CHROMIUM is None, reason='needs Chromium')
def test_the_browser_would_have_told(tmp_path):
    """The test above could not fail if these were not seen."""
    page = tmp_path / 'bad.html'
    page.write_text('<img src="http://127.0.0.1:9/x.png"><script>console.error("oh")</script>')
    seen = visit(page, tmp_path)
    assert 'http://127.0.0.1:9/x.png' in seen.requests
    assert any('oh' in line for line in seen.console)
