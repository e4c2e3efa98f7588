"""One contract over every text model: it learns words of any script, with and without spaces, and emoji."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from deepworth.zoo import registry

N = 160
TINY = {
    "rnn": {"embedding_dim": 16, "recurrent_units": 8, "dropout": 0.0, "epochs": 20, "learning_rate": 0.02},
    "text-cnn": {"embedding_dim": 16, "filters": 8, "dropout": 0.0, "epochs": 20, "learning_rate": 0.02},
    "embedding-bag": {"embedding_dim": 16, "dropout": 0.0, "epochs": 20, "learning_rate": 0.02},
    "wide-mlp": {"hidden_units": 32, "epochs": 20, "learning_rate": 0.02},
}
# What joins the words, words of either class, and words of both.
SCRIPTS = {
    "Chinese": ("", ["失望 糟糕 讨厌", "喜欢 满意 推荐"], "我们 今天 收到 这个 包装 价格 物流"),
    "Japanese": ("", ["ひどい まずい 残念", "うまい 最高 すてき"], "この ラーメン 店員 昨日 東京 とても"),
    "Thai": ("", ["แย่มาก ผิดหวัง ช้า", "อร่อย ชอบ ประทับใจ"], "ร้านนี้ อาหาร วันนี้ เรา พนักงาน ราคา"),
    "Khmer": ("", ["អាក្រក់ យឺត", "ឆ្ងាញ់ ស្អាត"], "ខ្ញុំ អាហារ ថ្ងៃនេះ ហាង តម្លៃ"),
    "Korean": (" ", ["싫어요 느려요 실망", "좋아요 빨라요 최고"], "배송 오늘 가격 포장 우리"),
    "Hindi": (" ", ["बुरा धीमा निराश", "अच्छा तेज़ बढ़िया"], "यह आज दाम हम खाना"),
    "Arabic": (" ", ["سيء بطيء ممل", "جيد سريع رائع"], "هذا اليوم السعر نحن الطعام"),
    "English": (" ", ["bad don't poor", "good fine great"], "the day was long and we went"),
    "emoji": ("", ["😡 💔 👎", "😀 🎉 👍🏽"], "🚗 🏠 📦 ☕ 🌧"),
    "smileys": (" ", [":-( ;(", ":) ;-)"], "well then see you later"),
    "punctuation": (" ", ["? ?", "! !"], "well then see you later"),
}
MODELS = [name for name in registry.entries() if "text" in registry.entry(name).constant("MODALITIES")]
# what a pretrained model knows of a script is a matter of its weights
MODELS = [n for n in MODELS if not registry.is_reference(n) and registry.family(n) != "pretrained"]


@cache
def reviews(script, seed):
    """Texts that hold one or two of the words of their class, and the classes."""
    between, of_classes, of_both = SCRIPTS[script]
    rng = np.random.default_rng(seed)
    group = rng.permutation(np.arange(N) % 2)
    rows = [[*rng.choice(of_both.split(), 4), *rng.choice(of_classes[g].split(), 2)] for g in group]
    return pd.Series([between.join(rng.permutation(row)) for row in rows], dtype=object), group


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("name", MODELS)
def test_words_of_every_script_are_learned(name, script):
    task = registry.entry(name).constant("TASKS")[0]
    (X, y), (new, expected) = (reviews(script, seed) for seed in (0, 1))
    y = 2.0 * y - 1 if task == "regression" else np.where(y == 1, "yes", "no")
    model = registry.create(name, task, "text", random_state=0, **TINY.get(name, {})).fit(X, y)
    predicted = model.predict(new)
    hits = predicted > 0 if task == "regression" else predicted == "yes"
    assert np.mean(hits == (expected == 1)) > 0.9
