"""The checkpoints that come with the project are what their cards say."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from lkca_mm.apis import load_model

ROOT = Path(__file__).parents[1]
CARDS = sorted((ROOT / 'checkpoints').glob('*.md'))


def test_every_checkpoint_has_a_card():
    files = {path.stem for path in (ROOT / 'checkpoints').glob('*.pth')}
    assert files == {card.stem for card in CARDS} != set()


@pytest.mark.parametrize('card', CARDS, ids=lambda card: card.stem)
def test_card_is_of_this_file_and_this_run(card):
    text = card.read_text(encoding='utf-8')
    digest = hashlib.sha256(card.with_suffix('.pth').read_bytes()).hexdigest()
    assert digest in text
    assert card.stem.endswith(digest[:8])
    (command,) = (line for line in text.splitlines() if 'tools/train.py' in line)
    record = json.loads((ROOT / re.search(r'--record (\S+)', command)[1]).read_text())
    assert record['command'] == command
    scores = record['test']['scores'] if 'test' in record else record['final']
    assert all(f'{name} {value:.2f}' in text for name, value in scores.items())


@pytest.mark.parametrize('card', CARDS, ids=lambda card: card.stem)
def test_weights_fit_the_config(card):
    config = re.search(r'configs/\S+\.py', card.read_text(encoding='utf-8'))[0]
    model = load_model(str(ROOT / config), str(card.with_suffix('.pth')), device='cpu')
    kernels = [layer.mixer.kernel for layer in model.backbone.layers]
    assert all(kernel.abs().max() > 0 for kernel in kernels), 'kernels start at zero'
