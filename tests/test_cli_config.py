"""Options from YAML files: precedence, round trips, and what is refused."""

from __future__ import annotations

import json
import math

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepworth.cli import main
from deepworth.datasets._errors import InputError

yaml = pytest.importorskip("yaml")

from deepworth.zoo.yaml_file import read_yaml, to_yaml  # noqa: E402 (needs yaml)

COMMANDS = ["compare", "train", "learning-curve", "capacity"]


def invoke(*arguments):
    runner = CliRunner()
    runner.mix_stderr = False  # click 8.1 mixes the streams unless told; later versions never do
    return runner.invoke(main, [str(a) for a in arguments])


def printed(*arguments):
    result = invoke(*arguments, "--print-config")
    assert result.exit_code == 0, result.output
    return result.stdout


def written(tmp_path, text):
    path = tmp_path / "options.yaml"
    path.write_text(text, encoding="utf-8")
    return path


TRAPS = ["no", "1e3", "0x10", "010", "1:30", "2020-01-01", "~", "null", ".inf", "=", "<<", "- a", "#", "1_0"]
numbers = st.one_of(st.integers(), st.floats(allow_nan=False))
scalars = st.one_of(st.none(), st.booleans(), numbers, st.text(), st.sampled_from(TRAPS))
values = st.recursive(
    scalars, lambda own: st.lists(own, max_size=3) | st.dictionaries(st.text(), own, max_size=3), max_leaves=8
)


@given(st.dictionaries(st.text(), values, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_is_written_is_read_back(tmp_path, content):
    path = tmp_path / "x.yaml"
    path.write_text(to_yaml(content), encoding="utf-8")
    assert {name: value.plain() for name, value in read_yaml(path).items()} == content
    assert yaml.safe_load(path.read_text(encoding="utf-8")) == content, "other readers see the same"


letters = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters=",")
names = st.text(letters, min_size=1)
column = names.map(str.strip).filter(lambda name: name and not name.startswith("-"))
finite = st.floats(allow_nan=False, allow_infinity=False)
parameter = st.one_of(st.integers(), st.booleans(), finite, names, st.none(), st.lists(numbers, max_size=3))
parameters = st.dictionaries(st.sampled_from(["deep-mlp.epochs", "cnn.x", "cnn.y"]), parameter)
choices = st.fixed_dictionaries(
    {},
    optional={
        "--target": column,
        "--drop": column,
        "--rows": st.integers(2, 10**6),
        "--preset": st.sampled_from(["quick", "standard", "thorough"]),
        "--holdout": st.floats(0.01, 0.99),
        "--model": st.sampled_from(["deep-mlp", "naive-bayes,deep-mlp"]),
        "--time-limit": st.sampled_from(["90", "5m", "1:30"]),
        "--seed": st.integers(0, 10**9),
        "--margin": st.floats(-1e300, 1e300),
    },
)


@given(choices, parameters, st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_the_printed_options_print_themselves(tmp_path, chosen, params, offline):
    given = [part for name, value in chosen.items() for part in (f"{name}={value}",)]
    given += [f"--set={name}={value!r}" for name, value in params.items()]
    first = printed("compare", *given, *(["--offline"] if offline else []))
    again = printed("compare", "--config", written(tmp_path, first))
    assert again == first


def test_a_printed_configuration_reproduces_the_run(tmp_path):
    options = ["sick-healthy", "--rows", 200, "-m", "naive-bayes,logistic-regression", "--folds", 3]
    options += ["--seed", 5, "--set", "logistic-regression.C=0.5", "--no-store", "-q", "--json"]
    first = json.loads(invoke("compare", *options).stdout)
    file = written(tmp_path, printed("compare", *options))
    again = json.loads(invoke("compare", "--config", file).stdout)
    assert first["plan"] == again["plan"]
    scores = [[row[k] for k in ("model", "metrics", "intervals")] for row in first["leaderboard"]]
    assert scores == [[row[k] for k in ("model", "metrics", "intervals")] for row in again["leaderboard"]]
    assert first["plan"]["params"] == {"logistic-regression": {"C": 0.5}}


@pytest.mark.parametrize("command", COMMANDS)
def test_flag_before_environment_before_file_before_default(command, tmp_path, monkeypatch):
    name = command.upper().replace("-", "_")
    file = written(tmp_path, "data: wine\nseed: 1\ntarget: from-file\noutput: x\n")
    seed = ["--config", file]
    assert "seed: 0\n" in printed(command, "wine", "-o", "x")
    assert "seed: 1\n" in printed(command, *seed)
    assert "data: wine\n" in printed(command, *seed)
    monkeypatch.setenv(f"DEEPWORTH_{name}_SEED", "2")
    assert "seed: 2\n" in printed(command, *seed)
    assert "seed: 3\n" in printed(command, *seed, "--seed", 3)
    assert "target: from-file\n" in printed(command, *seed, "--seed", 3)


def test_the_users_own_file_is_used_without_a_file(tmp_path, monkeypatch):
    own = written(tmp_path, "compare:\n  preset: thorough\n  time_limit: 1h\ntrain:\n  seed: 4\n")
    monkeypatch.setenv("DEEPWORTH_CONFIG", str(own))
    assert {"preset: thorough", "time-limit: 1h", "seed: 0"} <= set(printed("compare").splitlines())
    assert "seed: 4\n" in printed("train", "wine", "-o", "x")
    other = tmp_path / "other.yaml"
    other.write_text("folds: 3\n")
    assert "thorough" not in printed("compare", "--config", other), "a file is the whole configuration"


BAD = {
    "foldz: 3": "line 1: no option 'foldz'; did you mean folds",
    "seed: 1\n\nfolds: 1": "line 3: folds: 1 is not in the range",
    "folds: [1, 2]": "line 1: expected a single value",
    "no-store: 5": "line 1: no-store must be true or false, got 5",
    "quiet: 'yes'": "line 1: quiet must be true or false",
    "seed: 1\nseed: 2": "line 2: seed is given twice",
    "preset: slow": "line 1: preset: 'slow' is not one of",
    "set: {deep-mlp: 5}": "line 1: expected lines such as `name: value`",
    "- a\n- b": "expected lines such as `name: value`",
    "a: [": "line 1",
    "a: &x [1]\nb: *x": "line 2: aliases are not allowed",
    "target: !!python/object/apply:os.getcwd []": "is not allowed",
    "set: {deep-mlp: {epochs: .nan}}": "line 1: a parameter cannot be .nan",
    "models: " + "[" * 5000: "nested too deeply",
}


@pytest.mark.parametrize("text", BAD, ids=lambda text: text[:20])
def test_a_bad_file_is_refused_with_its_line(text, tmp_path):
    result = invoke("compare", "--config", written(tmp_path, text))
    assert result.exit_code == 2
    assert BAD[text] in result.stderr
    assert "options.yaml" in result.stderr
    assert "Traceback" not in result.stderr


def test_unreadable_files(tmp_path, monkeypatch):
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00a")
    (tmp_path / "large.yaml").write_text("a: " + "x" * 1_000_001)
    for name, why in (("none.yaml", "No such file"), ("binary.yaml", "UTF-8"), ("large.yaml", "larger than")):
        with pytest.raises(InputError, match=why):
            read_yaml(tmp_path / name)
    monkeypatch.setenv("DEEPWORTH_CONFIG", str(tmp_path / "none.yaml"))
    result = invoke("compare", "--print-config")
    assert (result.exit_code, "which DEEPWORTH_CONFIG names" in result.stderr) == (2, True)


def test_plain_words_are_what_they_look_like(tmp_path):
    path = written(tmp_path, "a: no\nb: 12:30\nc: 010\nd: 1e-3\ne: !!str 5\nf:\ng: -.inf\nh: 2020-01-01\n")
    read = {name: value.plain() for name, value in read_yaml(path).items()}
    expected = {"a": "no", "b": "12:30", "c": 10, "d": 0.001, "e": "5", "f": None}
    assert read == {**expected, "g": -math.inf, "h": "2020-01-01"}


def test_an_empty_file_changes_nothing(tmp_path):
    assert printed("compare", "--config", written(tmp_path, "# nothing\n")) == printed("compare")
