"""The demo's yardstick, against mmseg's metric of the same constant prediction."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from mmseg.datasets import ADE20KDataset
from mmseg.evaluation import IoUMetric
from PIL import Image


def test_majority_score_is_that_of_one_class_everywhere(tmp_path, monkeypatch):
    path = Path(__file__).parents[2] / 'tools' / 'demo.py'
    spec = importlib.util.spec_from_file_location('demo_tool', path)
    demo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(demo)
    monkeypatch.setattr(demo, 'DATA', tmp_path)
    rng, masks = np.random.default_rng(0), {}
    for split, shares in (('training', [0.1, 0.2, 0.5, 0.2]), ('validation', [0.2, 0.4, 0.3, 0.1])):
        folder = tmp_path / 'annotations' / split
        folder.mkdir(parents=True)
        masks[split] = rng.choice([0, 1, 2, 4], (3, 9, 7), p=shares).astype(np.uint8)
        for index, mask in enumerate(masks[split]):
            Image.fromarray(mask).save(folder / f'{index}.png')
    metric = IoUMetric()
    metric.dataset_meta = ADE20KDataset.METAINFO
    # In the files 0 is no class and 2, the commonest in training, is the second class.
    truth = torch.from_numpy(masks['validation'] - np.uint8(1)).long()
    for mask in truth:
        data = {'pred_sem_seg': {'data': torch.ones_like(mask)[None]}}
        metric.process({}, [{**data, 'gt_sem_seg': {'data': mask[None]}}])
    name, miou = demo.majority_score()
    assert name == ADE20KDataset.METAINFO['classes'][1]
    assert miou == pytest.approx(metric.evaluate(3)['mIoU'], abs=0.005)
