"""CONTRIBUTING.md's backbone works as it is written."""

import re
from pathlib import Path

import torch
from mmengine.config import Config
from mmseg.registry import MODELS

import lkca_mm  # noqa: F401

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r'   <!-- test: (\w+) -->\n   ```python\n(.*?)\n   ```', re.S)


def test_backbone(tmp_path):
    text = (ROOT / 'CONTRIBUTING.md').read_text(encoding='utf-8')
    blocks = {name: re.sub('^   ', '', code, flags=re.M) for name, code in BLOCK.findall(text)}
    exec(blocks['backbone'], {})
    try:
        path = tmp_path / 'upernet_alternating-s_camvid_20k.py'
        path.write_text(blocks['config'].replace("'upernet", f"'{ROOT}/configs/upernet"))
        settings = Config.fromfile(path).model.backbone
        backbone = MODELS.build({**settings, 'img_size': 64, 'with_cp': False})
        kinds = [type(layer.mixer).__name__ for layer in backbone.layers]
        assert kinds == ['MHSAMixer', 'LKCAMixer'] * 6
        assert backbone(torch.zeros(1, 3, 64, 64))[0].shape == (1, 384, 2, 2)
    finally:
        from lkca_mm.models import vit

        for registry in ('ENGINE_MODELS', 'SEG_MODELS', 'PRETRAIN_MODELS'):
            getattr(vit, registry)._module_dict.pop('AlternatingViT')
