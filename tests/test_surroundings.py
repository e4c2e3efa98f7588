"""Surroundings in which programs fail: an answer or one line, never a traceback. The benchmark tries more."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))
from _surroundings import make_data, try_case

EXPECTED = {
    "a pipe that ends early": "opened",
    "help into a pipe that ends": "opened",
    "output that is full": "refused",
    "no home": "opened",
    "an encoding of ASCII": "opened",
}


@pytest.mark.skipif(sys.platform != "linux", reason="its devices and shell are Linux's")
@pytest.mark.parametrize("case", EXPECTED)
def test_it_ends_in_an_answer_or_one_line(case, tmp_path):
    outcome, said = try_case(case, tmp_path, make_data(tmp_path))
    assert outcome == EXPECTED[case], said
