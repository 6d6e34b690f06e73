"""Parameters and multiply-adds of a model: as the paper counts them, and as they execute."""

import warnings
from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import torch
from mmengine.analysis import FlopAnalyzer, parameter_count
from mmengine.config import Config
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from lkca_mm.config import build_network, get_config, image_size_of
from lkca_mm.models import LKCAMixer, MHSAMixer, VisionTrunk
from lkca_mm.ops import choose_backend, multiply_adds
from lkca_mm.paper.report import Table
from lkca_mm.paper.tables import PaperModel, load_models, load_table


class Complexity(NamedTuple):
    """What a model costs for one image: parameters, and multiply-adds of two kinds.

    ``paper_flops`` counts every LKCA as the convolution view, as the paper's segmentation tables
    do; ``executed_flops`` counts the backends that really run.
    """

    params: int
    paper_flops: float
    executed_flops: float


def _attention(inputs: list[Any], outputs: list[Any]) -> float:
    """Counts scores and their product with the values; mmengine counts neither."""
    query, key, value = (tensor.type().sizes() for tensor in inputs[:3])
    return prod(query[:-1]) * key[-2] * (query[-1] + value[-1])


def _count(model: nn.Module, image: Tensor) -> float:
    analyzer = FlopAnalyzer(model, (image,))
    analyzer.set_op_handle('aten::scaled_dot_product_attention', _attention)
    analyzer.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    with warnings.catch_warnings():
        # Tracing turns shapes into constants, which is what is wanted here.
        warnings.simplefilter('ignore')
        return float(analyzer.total())


def count_complexity(model: nn.Module, image_size: tuple[int, int]) -> Complexity:
    """Counts a model by mmengine's rules.

    Multiply-adds count once, norms and interpolation a little; activations, pooling and softmax
    count nothing. Self-attention's two products count.

    Args:
        model: A model on the CPU whose ``forward(image)`` returns tensors.
        image_size: Height and width of the image, in pixels.

    Returns:
        The counts for one fp32 image on a CPU.
    """
    model, image = model.eval(), torch.zeros(1, 3, *image_size)
    mixers = {m: m.backend for m in model.modules() if isinstance(m, LKCAMixer)}
    shapes = {}

    def note_shape(mixer: LKCAMixer, inputs: tuple[Any, ...], output: Tensor) -> None:
        kernels, *kernel_size = mixer.kernel.shape
        shapes[mixer] = (tuple(kernel_size), inputs[1], kernels, output.shape[-1])

    handles = [mixer.register_forward_hook(note_shape) for mixer in mixers]
    if mixers:
        with torch.no_grad():
            model(image)
    for handle in handles:
        handle.remove()
    for mixer in mixers:
        mixer.backend = 'conv'  # the view whose trace shows all taps
    paper = executed = _count(model, image)
    for mixer, backend in mixers.items():
        mixer.backend = backend
    for mixer, shape in shapes.items():
        backend = mixer.backend
        if backend == 'auto':
            backend = choose_backend('cpu', image.element_size(), *shape, training=False)
        executed += multiply_adds(backend, *shape) - multiply_adds('conv', *shape)
    return Complexity(parameter_count(model)[''], paper, executed)


def _bias(module: nn.Linear | nn.Conv2d) -> int:
    return 0 if module.bias is None else module.bias.numel()


# The rules of ptflops 0.7.1.2, by kind of module: of the module, its inputs and its output.
_RULES: dict[type, Callable[[Any, Any, Tensor], int]] = {
    nn.Linear: lambda m, x, y: prod(y.shape) * m.in_features + _bias(m),
    nn.Conv2d: lambda m, x, y: prod(y.shape) * m.weight[0].numel() + _bias(m) * prod(y.shape[2:]),
    nn.LayerNorm: lambda m, x, y: prod(y.shape),
    nn.BatchNorm2d: lambda m, x, y: 2 * prod(y.shape),
    # With the function that each calls, 2 an element.
    nn.GELU: lambda m, x, y: prod(y.shape),
    nn.AdaptiveAvgPool2d: lambda m, x, y: prod(x[0].shape),
    # Softmax over T tokens.
    MHSAMixer: lambda m, x, y: m.num_heads * y.shape[1] ** 2,
    # All but one bias of the patch projection taken back: the authors' is a Linear.
    VisionTrunk: lambda m, x, y: -_bias(m.patch_embed.projection) * (prod(m.grid) - 1),
}
_ELEMENTWISE = (F.gelu, F.silu, F.softmax, F.adaptive_avg_pool2d)


class _Functions(TorchFunctionMode):
    """Counts what ptflops finds by replacing functions: ``torch.matmul``, not ``@`` or einsum."""

    total = 0

    def __torch_function__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func is torch.matmul:
            self.total += prod(args[0].shape) * args[1].shape[-1]
        elif func in _ELEMENTWISE:
            self.total += prod(args[0].shape)
        return func(*args, **(kwargs or {}))


def count_trainer_flops(model: nn.Module, image_size: tuple[int, int]) -> int:
    """Counts a classifier by the rule that reproduces the FLOPs of Tables 1-5.

    They come from ptflops 0.7.1.2 on the authors' modules: multiply-adds of Linears, with the
    bias once, and of convolutions, 1 an element for LayerNorm, 2 for BatchNorm, GELU and average
    pooling, 1 for SiLU, heads x T^2 for a softmax over T tokens, and the products of
    ``torch.matmul``. It sees neither products that are written as einsum or ``@``, nor the
    convolution of LKCA (``F.conv2d``): the models are cheaper in print than they are.
    :func:`count_complexity`, of the same arguments, counts everything.
    """
    functions, counted = _Functions(), []
    handles = [
        module.register_forward_hook(lambda m, x, y, rule=rule: counted.append(rule(m, x, y)))
        for module in model.modules()
        for kind, rule in _RULES.items()
        if isinstance(module, kind)
    ]
    with torch.no_grad(), functions:
        model.eval()(torch.zeros(1, 3, *image_size))
    for handle in handles:
        handle.remove()
    return sum(counted) + functions.total


def build_for_counting(config: Config) -> nn.Module:
    """Builds a config's model as the paper counts it: without auxiliary head, for inference."""
    config.model.pop('auxiliary_head', None)
    return build_network(config).eval()


def count_row(model: PaperModel) -> tuple[int, float, float]:
    """Returns parameters, FLOPs as the model's table counts them, and FLOPs as executed."""
    segments = '_' in model.stem
    config = get_config(model.stem if segments else f'{model.counted_on}/{model.stem}_100e')
    if model.counted_classes is not None:
        config.model.backbone.num_classes = model.counted_classes
    size, network = image_size_of(config), build_for_counting(config)
    counts = count_complexity(network, size)
    flops = counts.paper_flops if segments else count_trainer_flops(network, size)
    return counts.params, flops, counts.executed_flops


def paper_counts(number: int) -> Table:
    """Returns the paper's Table 1 to 7 with our counts beside the printed ones."""
    paper, models = load_table(number), load_models()
    unit, scale = ('M', 1e6) if paper.task == 'classification' else ('G', 1e9)
    columns = ['params', 'params, ours', 'FLOPs', 'FLOPs, ours', 'FLOPs, executed']
    table = Table(f'Table {number}', ['model', 'config', *columns], left=2)
    # A model that Table 6 or 7 scores at several iterations is counted once.
    for stem, row in {row.config: row for row in paper.rows}.items():
        params, flops, executed = count_row(models[stem])
        cells = [
            f'{row.params / 1e6:.2f}M',
            f'{params / 1e6:.3f}M',
            f'{row.flops / scale:.2f}{unit}',
        ]
        cells += [f'{flops / scale:.3f}{unit}', f'{executed / scale:.3f}{unit}']
        table.rows.append([row.model, stem, *cells])
        if models[stem].note:
            table.notes.append(f'{row.model}: {models[stem].note}')
    if paper.task == 'classification':
        table.notes.append(
            'FLOPs by the rule that gives the printed digits, for 32x32 and 10 classes or, of '
            'models in Table 5 alone, 64x64 and 200: products written as einsum or @ do not '
            "count, nor the kernels of LKCA; 'executed' counts both."
        )
    table.notes += [f'Erratum: {paper.erratum}.'] if paper.erratum else []
    return table
