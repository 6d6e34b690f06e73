"""ONNX files with integer weights."""

import logging
from pathlib import Path

from lkca_mm.export.packages import need


def quantize_onnx(path: Path, target: Path, convolutions: bool = False) -> None:
    """Quantises an ONNX file dynamically: weights are rounded here, activations at run time.

    Linear layers get int8 weights with a scale for each output channel. LKCA's products
    stay in fp32: their constant stands on the left, where ONNX Runtime quantises none
    by default, and it would be neither smaller nor faster by much.

    Args:
        path: The file in fp32.
        target: The file to write.
        convolutions: Whether convolutions get uint8 weights too, with one scale for all:
            all that ONNX Runtime's convolution of integers takes on a CPU.
    """
    quantization = need('onnxruntime.quantization')
    kinds = quantization.QuantType
    passes = [(['MatMul', 'Gemm'], kinds.QInt8, True)]
    if convolutions:
        passes.append((['Conv'], kinds.QUInt8, False))
    level = logging.getLogger().level
    # It recommends a preprocessing that the export has done already.
    logging.getLogger().setLevel(logging.ERROR)
    try:
        for operators, weight_type, per_channel in passes:
            quantization.quantize_dynamic(
                str(path),
                str(target),
                op_types_to_quantize=operators,
                per_channel=per_channel,
                weight_type=weight_type,
            )
            path = target
    finally:
        logging.getLogger().setLevel(level)
