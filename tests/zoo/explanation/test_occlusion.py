"""Occlusion of words and cells, of models whose answers are known."""

import json

import numpy as np
import pandas as pd
import pytest

import deepworth
from deepworth.zoo.explanation import occlusion
from deepworth.zoo.explanation.occlusion import GRID, PARTS


class CountsGood:
    """Log-odds of the second class: how often a text says good, minus how often bad."""

    classes_ = np.array(["no", "yes"])

    def predict_proba(self, X):
        odds = np.array([text.split().count("good") - text.split().count("bad") for text in X], float)
        return np.stack([1 / (1 + np.exp(odds)), 1 / (1 + np.exp(-odds))], axis=1)

    def predict(self, X):
        return np.array([float(len(text.split())) for text in X])


class LooksAtCorner:
    """Brightness of the corner at the top left."""

    classes_ = np.array(["a", "b", "c"])

    def predict_proba(self, X):
        light = X[:, 0, 0].mean(axis=-1) / 256 + 1e-3
        return np.stack([light, (1 - light) / 2, (1 - light) / 2], axis=1)


def parts_of(row):
    return {part.part: part.attribution for part in row["parts"]}


def test_a_word_counts_as_much_as_the_answer_changes_without_it():
    texts = pd.Series(["a good, good film", "bad"])
    found = occlusion(CountsGood(), texts, [4, 7], "text", ["no", "yes"])
    first, second = found.rows
    assert found.unit == "log-odds"
    assert (first["row"], first["class"], second["row"]) == (4, "yes", 7)
    assert first["output"] == pytest.approx(1.0)  # "good," is another word for this model
    assert first["baseline_output"] == pytest.approx(0.0)
    assert [p.part for p in first["parts"]] == ["a", "good", ",", "good", "film"]
    assert [p.attribution for p in first["parts"]] == pytest.approx([0, 0, -1, 1, 0])
    assert parts_of(second) == {"bad": pytest.approx(-1.0)}


def test_long_texts_have_parts_of_several_words():
    text = " ".join(["word"] * 150 + ["good"])
    (row,) = occlusion(CountsGood(), pd.Series([text]), [0], "text", ["no", "yes"]).rows
    assert len(row["parts"]) == 151 // 3 + 1 <= PARTS
    assert row["parts"][0].part == "word word word"
    assert row["parts"][-1].attribution == pytest.approx(1.0)


def test_values_are_explained_in_their_unit():
    found = occlusion(CountsGood(), pd.Series(["one two three", ""]), [0, 1], "text")
    assert found.unit == "value"
    assert found.rows[0]["class"] is None
    assert parts_of(found.rows[0]) == {"one": 1.0, "two": 1.0, "three": 1.0}
    assert found.rows[1]["parts"] == ()


@pytest.mark.parametrize("shape", [(40, 32, 3), (5, 300, 1), (28, 28, 1)])
def test_the_cell_that_a_model_looks_at_is_the_only_one_that_counts(shape):
    image = np.zeros(shape, np.uint8)
    image[0, 0] = 255
    found = occlusion(LooksAtCorner(), image[None], [0], "image", ["a", "b", "c"])
    (row,) = found.rows
    pixels, picture = np.array(row["pixels"]), np.array(row["picture"])
    assert (found.unit, row["class"]) == ("log probability", "a")
    assert pixels.shape == picture.shape
    assert max(pixels.shape) <= 100
    assert pixels[0, 0] > 1
    height, width = (-(-side // min(GRID, side)) for side in shape[:2])
    step = -(-max(shape[:2]) // 96)
    assert np.all(pixels[-(-height // step) :] == 0)
    assert np.all(pixels[:, -(-width // step) :] == 0)
    assert len(np.unique(pixels)) == 2


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("occlusion")
    frame = pd.DataFrame({"text": ["good film", "bad film"] * 30, "label": ["yes", "no"] * 30})
    frame.to_csv(folder / "texts.csv", index=False)
    made = deepworth.train(
        folder / "texts.csv",
        target="label",
        text="text",
        model="tfidf-naive-bayes",
        output=folder / "model",
    )
    assert made is not None
    return folder


def test_a_row_of_any_model_of_texts_is_explained(saved):
    found = deepworth.explain(saved / "model", saved / "texts.csv", target="label", text="text", row=0)
    (row,) = found.occlusion.rows
    assert found.gradients is None
    assert parts_of(row)["good"] > abs(parts_of(row)["film"])
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["occlusion"]["unit"] == "log-odds"


def test_an_occlusion_is_shown_and_drawn(saved, tmp_path):
    from deepworth.zoo.report.explanation import as_html
    from deepworth.zoo.report.explanation_plots import draw

    found = deepworth.explain(saved / "model", saved / "texts.csv", target="label", text="text", row=1)
    shown = as_html(found)
    assert "Occlusion" in shown
    assert "bad(" in shown
    assert draw(found).axes[0].get_title(loc="left") == "tfidf-naive-bayes, row 1: occlusion"
