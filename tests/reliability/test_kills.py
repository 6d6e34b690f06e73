"""A run that is killed and resumed ends with the bits of one that ran through."""

import pytest
import torch
from kill_and_resume import compare
from runs import differences


@pytest.mark.parametrize(('task', 'iterations'), [('segmentation', 27), ('classification', 36)])
def test_three_kills_leave_no_trace(task, iterations, tmp_path):
    """`make reliability` kills fifty times."""
    moments, _, found = compare(task, 3, tmp_path, iterations)
    assert sum(moments.values()) == 3
    assert found == []


def test_a_single_bit_is_a_difference():
    one = {'a': torch.zeros(3), 'b': [1, {'c': torch.ones(2)}]}
    other = {'a': torch.zeros(3), 'b': [1, {'c': torch.tensor([1, 1 + 2**-23])}]}
    assert differences(one, one) == []
    assert differences(one, other) == ['.b.1.c']
