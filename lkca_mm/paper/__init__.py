"""The paper's Tables 1 to 7 as data, beside what we know of each model by counting."""

from lkca_mm.paper.tables import (
    ClassificationRow,
    PaperModel,
    PaperTable,
    SegmentationRow,
    load_models,
    load_table,
)

__all__ = [
    'ClassificationRow',
    'PaperModel',
    'PaperTable',
    'SegmentationRow',
    'load_models',
    'load_table',
]
