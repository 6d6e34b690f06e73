"""The metric on hand-made confusion matrices, worked out by hand."""

import numpy as np
import pytest
import torch
from mmseg.registry import METRICS


def masks_of(confusion):
    """Returns truth and prediction whose confusion (rows: truth) is the given matrix."""
    truth, prediction = [], []
    for true_class, row in enumerate(confusion):
        for predicted_class, count in enumerate(row):
            truth += [true_class] * count
            prediction += [predicted_class] * count
    return torch.tensor([truth]), torch.tensor([prediction])


def score(confusions, top, num_classes, ignored=0):
    metric = METRICS.build(dict(type='TopIoUMetric', top=top))
    metric.dataset_meta = dict(classes=[f'class {i}' for i in range(num_classes)])
    for confusion in confusions:
        truth, prediction = masks_of(confusion)
        if ignored:  # void pixels count nowhere, whatever is predicted there
            truth = torch.cat((truth, torch.full((1, ignored), 255)), dim=1)
            prediction = torch.cat((prediction, torch.zeros(1, ignored, dtype=torch.long)), dim=1)
        sample = {'pred_sem_seg': {'data': prediction[None]}, 'gt_sem_seg': {'data': truth[None]}}
        metric.process({}, [sample])
    return metric.evaluate(len(confusions))


def test_iou_of_each_class_is_kept_for_records():
    metric = METRICS.build(dict(type='TopIoUMetric', top=1))
    metric.dataset_meta = {'classes': ('sky', 'road', 'bird')}
    # sky: 3 of 4, road: 1 of 4; no bird in truth or prediction.
    counts = [torch.tensor(values, dtype=torch.float64) for values in ([3, 1, 0], [4, 4, 0])]
    assert metric.compute_metrics([(*counts, counts[1], counts[1])])['mIoU@1'] == 75.0
    np.testing.assert_equal(metric.class_iou, {'sky': 75.0, 'road': 25.0, 'bird': np.nan})


def test_three_classes_by_hand():
    # IoU: 50/(60+60-50)=5/7, 20/(30+40-20)=2/5, 5/(20+10-5)=1/5; right: 75 of 110.
    confusion = [[50, 10, 0], [5, 20, 5], [5, 10, 5]]
    scores = score([confusion], top=2, num_classes=3)
    assert scores['aAcc'] == pytest.approx(68.18)
    assert scores['mIoU'] == pytest.approx(round(100 * (5 / 7 + 2 / 5 + 1 / 5) / 3, 2))
    assert scores['mIoU@2'] == pytest.approx(round(100 * (5 / 7 + 2 / 5) / 2, 2))
    assert scores['mAcc'] == pytest.approx(round(100 * (5 / 6 + 2 / 3 + 1 / 4) / 3, 2))


def test_counts_add_up_over_images_before_the_ratio():
    first, second = [[9, 1], [0, 0]], [[0, 0], [5, 5]]
    # Class 0: 9/(10+14-9)=0.6; class 1: 5/(10+6-5)=5/11.
    scores = score([first, second], top=1, num_classes=2)
    assert scores['mIoU@1'] == pytest.approx(60)
    assert scores['mIoU'] == pytest.approx(round(50 * (0.6 + 5 / 11), 2))


def test_void_pixels_do_not_count():
    confusion = [[50, 10, 0], [5, 20, 5], [5, 10, 5]]
    assert score([confusion], 2, 3, ignored=40) == score([confusion], 2, 3)


def test_absent_classes_do_not_count_but_wrong_predictions_do():
    # Class 2 is neither there nor predicted; class 3 is predicted, and never there.
    confusion = [[8, 0, 0, 2], [0, 10, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    scores = score([confusion], top=10, num_classes=4)
    assert scores['mIoU'] == scores['mIoU@10'] == pytest.approx(60)
    assert score([confusion], top=2, num_classes=4)['mIoU@2'] == pytest.approx(90)
