"""Files of torch.export."""

import pytest
import torch

from lkca_mm.export.fixed_size import fix_size
from lkca_mm.export.logits import LogitsModel
from lkca_mm.export.program_file import check_torch_export, open_program, write_program

try:
    check_torch_export()
except ValueError:
    pytest.skip('this torch.export is too old', allow_module_level=True)


@torch.no_grad()
def test_segmentor(make_segmentor, tmp_path):
    network, path = make_segmentor(), tmp_path / 'model.pt2'
    image = torch.randn(1, 3, 60, 76)
    write_program(fix_size(LogitsModel(network, (60, 76), None), image), image, path)
    run, operations = open_program(path)
    assert operations > 20
    expected = network.encode_decode(image, [dict(img_shape=(60, 76))])
    torch.testing.assert_close(run(image), expected, rtol=1e-4, atol=1e-5)
    # An LKCA layer is one product; nothing makes its matrix.
    program = torch.export.load(path)
    called = [str(node.target) for node in program.graph.nodes if node.op == 'call_function']
    assert not any('unfold' in name or 'flip' in name for name in called)
    matrices = [name for name in program.state_dict if name.endswith('mixer.matrix')]
    assert len(matrices) == 4
