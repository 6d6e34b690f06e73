"""What an ONNX file consists of."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from lkca_mm.export.errors import ExportError
from lkca_mm.export.packages import need


@dataclass(frozen=True)
class Graph:
    """The nodes of a file.

    Attributes:
        nodes: Their number.
        operators: How many there are of each operator, the most frequent first.
    """

    nodes: int
    operators: dict[str, int]


def read_graph(path: Path) -> Graph:
    """Counts the nodes of an ONNX file.

    Raises:
        ExportError: If an operator is not one of ONNX's own.
    """
    nodes = need('onnx').load(str(path)).graph.node
    foreign = sorted({f'{n.domain}.{n.op_type}' for n in nodes if n.domain not in ('', 'ai.onnx')})
    if foreign:
        raise ExportError(f'{path.name}: needs operators that are not of ONNX: {foreign[0]}')
    return Graph(len(nodes), dict(Counter(node.op_type for node in nodes).most_common()))
