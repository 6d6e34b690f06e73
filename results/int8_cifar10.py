"""Scores and times the shipped LKCA-T on CIFAR-10: PyTorch, ONNX, and ONNX with int8 weights.

    python results/int8_cifar10.py    # in the project's folder, after pip install -e '.[export]'

One image at a time, the three in turn, on one core; writes results/int8_cifar10.json.
"""

import tempfile
import time
from functools import partial
from pathlib import Path

import onnx
import torch
from mmpretrain.registry import DATASETS
from onnxruntime import InferenceSession, SessionOptions
from onnxruntime.quantization import QuantType, quantize_dynamic

from lkca_mm.config import load_config
from lkca_mm.export import export_model, load_for_export
from lkca_mm.record import environment, write_record

CONFIG = 'configs/cifar10/lkca-t-light_60e.py'
(CHECKPOINT,) = Path('checkpoints').glob('lkca-t-light_cifar10-*.pth')

torch.set_num_threads(1)
options = SessionOptions()
options.intra_op_num_threads = 1

config = load_config(CONFIG)
model, metadata = load_for_export(config, str(CHECKPOINT), size=(32, 32))
weights = sum(value.nbytes for value in model.state_dict().values())
sides = {'PyTorch': (model, None, weights)}
with tempfile.TemporaryDirectory() as folder:
    whole, int8 = Path(folder, 'whole.onnx'), Path(folder, 'int8.onnx')
    export_model(model, whole, metadata=metadata)
    quantize_dynamic(
        whole,
        int8,
        op_types_to_quantize=['MatMul', 'Gemm'],
        per_channel=True,
        weight_type=QuantType.QInt8,
    )
    for name, path in (('ONNX', whole), ('ONNX int8', int8)):
        session = InferenceSession(str(path), options, providers=['CPUExecutionProvider'])
        nodes = len(onnx.load(str(path)).graph.node)
        sides[name] = (partial(session.run, ['logits']), nodes, path.stat().st_size)

images = DATASETS.build(config.test_dataloader.dataset)
right, seconds = dict.fromkeys(sides, 0), dict.fromkeys(sides, 0.0)
with torch.no_grad():
    for item in images:
        image, label = item['inputs'][None].float(), int(item['data_samples'].gt_label)
        for name, (run, *_) in sides.items():
            start = time.perf_counter()
            given = image if name == 'PyTorch' else {'image': image.numpy()}
            found = int(run(given)[0].argmax())
            seconds[name] += time.perf_counter() - start
            right[name] += found == label

results = [
    {
        'name': name,
        'nodes': nodes or '',
        'mib': size / 2**20,
        'ms': 1000 * seconds[name] / len(images),
        'top1': 100 * right[name] / len(images),
    }
    for name, (_, nodes, size) in sides.items()
]
record = {
    'command': 'python results/int8_cifar10.py',
    'config': CONFIG,
    'checkpoint': str(CHECKPOINT),
    'environment': environment(),
    'images': len(images),
    'results': results,
}
write_record('results/int8_cifar10.json', record)
print(*results, sep='\n')
