"""The list of the documents, and what the documents point to."""

import re

import pytest
from document_commands import ROOT
from mmengine.registry import MODELS

from lkca_mm.models import LKCAViT

PAGES = sorted((ROOT / 'docs').glob('*.md'))


def test_every_page_is_listed():
    listed = set(re.findall(r'\]\(([\w-]+\.md)\)', (ROOT / 'docs' / 'README.md').read_text()))
    assert listed == {page.name for page in PAGES} - {'README.md'}


@pytest.mark.parametrize(
    'page', [*PAGES, ROOT / 'README.md', ROOT / 'CONTRIBUTING.md'], ids=lambda page: page.stem
)
def test_named_files_exist(page):
    text = page.read_text(encoding='utf-8')
    for target in re.findall(r'\]\(([^):#\s]+)\)', text):
        assert (page.parent / target).exists(), target
    paths = re.findall(r'(?:configs|tools|results|lkca_mm|tests)/[\w./-]*[\w/]', text)
    for path in paths if page.parent == ROOT else ():
        assert (ROOT / path).exists(), path


def test_first_screen_names_both_commands():
    first = (ROOT / 'README.md').read_text(encoding='utf-8').splitlines()[:20]
    for command in ('make demo', 'make test'):
        assert any(line.startswith(command) for line in first)


def test_the_code_of_the_readme_runs():
    pytest.importorskip('timm', minversion='1.0.9')
    config, code = re.findall(r'```python\n(.*?)```', (ROOT / 'README.md').read_text(), re.S)
    exec(config, found := {})
    settings = found['model']['backbone']
    assert settings.pop('_delete_') and isinstance(MODELS.build(settings), LKCAViT)
    exec(code, found)
    assert [tuple(x.shape) for x in found['maps']] == [(2, 384, 32, 32)] * 4
    assert found['y'].shape == found['tokens'].shape and found['model'].num_classes == 10


# What our own code says; the words of others are theirs to change.
OURS = {
    'is installed more than once': 'installation.py',
    'have no mask': 'datasets/checks.py',
    'that ends with': 'datasets/checks.py',
    'gets published data sets': 'datasets/checks.py',
    'which is none of num_classes=': 'datasets/transforms.py',
    'expected (H, W) class indices': 'datasets/transforms.py',
    'its data set': 'datasets/transforms.py',
    'the loss is not finite at iteration': 'engine/hooks.py',
    'lower the learning rate or clip the gradients': 'engine/hooks.py',
    'yet: training starts from the beginning': 'engine/launch.py',
    'holds weights alone, so training cannot go on from it': 'engine/launch.py',
    'leave --seed out to go on with it': 'engine/launch.py',
    'is a checkpoint of another model': 'engine/checkpoint.py',
    'which is not data and could run code when it is loaded': 'engine/checkpoint.py',
    'cannot be read as a checkpoint, it may be cut short': 'engine/checkpoint.py',
}


@pytest.mark.parametrize('words', OURS)
def test_quoted_messages_are_those_of_the_code(words):
    assert words in (ROOT / 'docs' / 'troubleshooting.md').read_text(encoding='utf-8')
    assert words in (ROOT / 'lkca_mm' / OURS[words]).read_text(encoding='utf-8')
