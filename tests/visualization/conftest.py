"""What is handed to matplotlib."""

import numpy as np
import pytest
from matplotlib.axes import Axes


@pytest.fixture
def drawn(monkeypatch):
    """Collects the images that ``Axes.imshow`` is given, with its settings."""
    calls, original = [], Axes.imshow

    def imshow(self, pixels, **settings):
        calls.append((np.array(pixels), settings))
        return original(self, pixels, **settings)

    monkeypatch.setattr(Axes, 'imshow', imshow)
    return calls
