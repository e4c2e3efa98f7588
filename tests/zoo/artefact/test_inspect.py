"""`deepworth inspect`: everything shown, nothing opened, nothing heavy imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner

from deepworth.cli import main
from deepworth.datasets import _base
from deepworth.zoo.artefact import manifest as fields
from deepworth.zoo.artefact.inspecting import inspect

HEAVY = {"tensorflow", "keras", "sklearn", "skops", "pandas", "pyarrow", "matplotlib", "h5py"}


def run(*args):
    runner = CliRunner()
    if version("click") < "8.2":
        runner.mix_stderr = False
    return runner.invoke(main, [str(a) for a in args], catch_exceptions=False)


def test_the_command_imports_nothing_heavy(kept):
    code = (
        "import sys; from deepworth.cli import main\n"
        "try: main(['inspect', sys.argv[1]])\n"
        f"finally: print(sorted({HEAVY} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, kept["shallow-mlp"]], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip().endswith("[]")
    assert "shallow-mlp on frame" in done.stdout


def test_the_words_of_the_manifest_are_those_of_datasets():
    """They are written twice, because those of datasets import NumPy."""
    assert fields.TASKS == _base.TASKS
    assert fields.MODALITIES == _base.MODALITIES


def test_manifest_card_and_hashes_are_shown(kept):
    folder = kept["logistic-regression"]
    found = json.loads(run("inspect", folder, "--json").stdout)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert found["manifest"] == manifest
    assert found["card"] == (folder / "card.md").read_text()
    assert {f["name"]: f["sha256"] for f in found["files"] if f["sha256"]} == manifest["files"]
    assert found["sound"] is True
    shown = run("inspect", folder).stdout
    for words in ("logistic-regression on frame", "Ward (old) (category)", "ill, well", "How to load"):
        assert words in shown


SPOILED = {
    "changed": (lambda f: (f / "card.md").write_text("better scores"), "card.md", "changed or damaged"),
    "missing": (lambda f: (f / "card.md").unlink(), "card.md", "missing"),
    "link": (
        lambda f: ((f / "card.md").unlink(), (f / "card.md").symlink_to("/etc/passwd")),
        "card.md",
        "not a plain file",
    ),
}


@pytest.mark.parametrize("case", SPOILED)
def test_a_file_that_is_not_the_saved_one_ends_with_1(case, pipeline):
    spoil, name, words = SPOILED[case]
    spoil(pipeline)
    result = run("inspect", pipeline, "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert found["sound"] is False
    assert words in next(f["state"] for f in found["files"] if f["name"] == name)
    assert "root:" not in result.stdout


def test_other_things_in_the_folder_are_named_and_do_no_harm(pipeline):
    """A proof and exported models may stand beside the model; loading opens none of them."""
    from deepworth.zoo.artefact.loading import load

    (pipeline / "proof.json").write_text("{}")
    (pipeline / "exports").mkdir()
    (pipeline / "model.pkl").write_bytes(b"cos\nsystem\n(S'touch owned'\ntR.")
    states = {file.name: file.state for file in inspect(pipeline).files}
    assert "deepworth verify" in states["proof.json"]
    assert "never opened" in states["exports"]
    assert "never opened" in states["model.pkl"]
    assert load(pipeline).classes_.tolist() == ["ill", "well"]


def test_a_card_cannot_steer_the_terminal(pipeline):
    (pipeline / "card.md").write_text("good \x1b[2J\x1b]0;owned\x07 card")
    shown = run("inspect", pipeline).stdout
    assert "good" in shown
    assert "\x1b[2J" not in shown
    assert "\x07" not in shown


@pytest.mark.parametrize("make", [lambda f: None, lambda f: f.mkdir(), lambda f: f.write_text("x")])
def test_what_is_no_saved_model_ends_with_2_in_one_line(make, tmp_path):
    make(tmp_path / "thing")
    result = run("inspect", tmp_path / "thing")
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_place_of_a_file_does_not_hang(pipeline):
    for name in ("card.md", "manifest.json"):
        (pipeline / name).unlink()
        os.mkfifo(pipeline / name)
        result = run("inspect", Path(pipeline))
        assert result.exit_code in (1, 2)
