"""docs/tutorial.ipynb, run whole in an empty folder, as its reader would."""

import re

import nbformat
from document_commands import ROOT
from nbclient import NotebookClient

PAGE = ROOT / 'docs' / 'tutorial.ipynb'


def outputs(notebook):
    """What each cell of code shows: the kinds, and the words of what it prints."""
    return [
        [(o.output_type, re.findall('[a-z]+', o.get('text', ''))) for o in cell.outputs]
        for cell in notebook.cells
        if cell.cell_type == 'code'
    ]


def test_tutorial(tmp_path):
    notebook = nbformat.read(PAGE, as_version=4)
    committed = outputs(notebook)
    assert PAGE.stat().st_size < 1e6 and len(notebook.cells) < 20
    NotebookClient(notebook, timeout=300, coalesce_streams=True).execute(cwd=str(tmp_path))
    assert outputs(notebook) == committed
