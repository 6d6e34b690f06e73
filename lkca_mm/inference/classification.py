"""One class for an image, with the runners-up."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from lkca_mm.errors import ConfigError
from lkca_mm.inference.metainfo import complete_metainfo
from lkca_mm.inference.model import TrainedModel
from lkca_mm.visualization.font import font_size_for, load_font, shorten, text_size
from lkca_mm.visualization.legend import FAINT_INK, INK, PAPER, percent
from lkca_mm.visualization.panels import display_size, resize_image

_BAR = (86, 132, 196)


@dataclass
class Classification:
    """What a classifier sees in an image.

    Attributes:
        image: RGB image of shape (H, W, 3), uint8.
        top: Names and scores in [0, 1], the best first.
    """

    image: np.ndarray
    top: list[tuple[str, float]]


def predict_classification(
    model: TrainedModel, image_path: str | Path, top: int = 5
) -> Classification:
    """Classifies an image.

    Args:
        model: A classifier.
        image_path: The image file.
        top: At most so many classes are named.

    Returns:
        The best classes.

    Raises:
        ConfigError: If the model is no classifier, or its classes do not agree
            with the names that came with it.
        DataError: If the file is missing or no readable image.
    """
    if model.segments:
        raise ConfigError(f'{type(model.network).__name__} is no classifier')
    image, sample = model.predict(str(image_path))
    scores = sample.pred_score.float().cpu()
    classes = complete_metainfo(model.metainfo, len(scores))['classes']
    if len(classes) != len(scores):
        raise ConfigError(
            f'the model predicts {len(scores)} classes, but {len(classes)} are named in the '
            'checkpoint or the test set of the config; use the config of its training'
        )
    values, indices = scores.topk(min(top, len(scores)))
    named = [(str(classes[index]), value) for index, value in zip(indices, values, strict=True)]
    return Classification(image, [(name, float(value)) for name, value in named])


def draw_scores(image: np.ndarray, top: Sequence[tuple[str, float]]) -> np.ndarray:
    """Draws names, bars and scores below an image.

    Args:
        image: RGB image of shape (H, W, 3), uint8.
        top: Names and scores in [0, 1].

    Returns:
        RGB picture, uint8, of the image's width and height times a whole factor
        (1 from 256 pixels on), plus the height of the list.
    """
    size = display_size(*image.shape[:2])
    picture, width = resize_image(image, size), size[1]
    text_px = max(14, font_size_for(*size))
    gap, line = text_px // 2, round(text_px * 1.6)
    tail = text_size('100.0%', text_px)[0]
    names = [shorten(name, text_px, width // 2 - gap) for name, _ in top]
    names_end = gap + max((text_size(name, text_px)[0] for name in names), default=0)
    room = max(1, width - names_end - tail - 3 * gap)

    strip = Image.new('RGB', (width, len(names) * line + gap), PAPER)
    draw, font = ImageDraw.Draw(strip), load_font(text_px)
    for row, (name, (_, score)) in enumerate(zip(names, top, strict=True)):
        middle = gap // 2 + row * line + line / 2
        draw.text((gap, middle), name, fill=INK, font=font, anchor='lm')
        left = names_end + gap
        half = text_px * 0.35
        end = left + max(1, round(room * score))
        draw.rectangle((left, middle - half, end, middle + half), fill=_BAR)
        draw.text((width - gap, middle), percent(score), fill=FAINT_INK, font=font, anchor='rm')
    return np.concatenate((picture, np.asarray(strip)))
