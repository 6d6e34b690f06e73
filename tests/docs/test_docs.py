"""The list of the documents, and what the documents point to."""

import re

import pytest
from document_commands import ROOT

PAGES = sorted((ROOT / 'docs').glob('*.md'))


def test_every_page_is_listed():
    listed = set(re.findall(r'\]\(([\w-]+\.md)\)', (ROOT / 'docs' / 'README.md').read_text()))
    assert listed == {page.name for page in PAGES} - {'README.md'}


@pytest.mark.parametrize('page', [*PAGES, ROOT / 'README.md'], ids=lambda page: page.stem)
def test_links_lead_to_files(page):
    for target in re.findall(r'\]\(([^):#\s]+)\)', page.read_text(encoding='utf-8')):
        assert (page.parent / target).exists(), target


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
