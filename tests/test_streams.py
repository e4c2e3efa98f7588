"""No command loses its answer because a stream cannot take a character."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from deepworth.zoo.commands import Commands
from deepworth.zoo.report.output import json_for

pytestmark = pytest.mark.xdist_group("streams")

CLASSES = ["病気 😀", "gesund ≤ größer"]
ENVIRONMENTS = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "C": {"LC_ALL": "C"},  # in which Python speaks UTF-8
}
# Run one after the other in one process, because each start costs seconds; later lines use what earlier made.
LINES = """
models
models deep-mlp
datasets
datasets DATA -t klass
check DATA -t klass
check DATA -t klass --json
check DATA -t nichtß | 2
compare DATA -t klass -m constant,logistic-regression -j 0 --print-config
compare DATA -t klass -m constant,logistic-regression -j 0 --dry-run
compare DATA -t klass -m constant,logistic-regression -j 0 --no-costs -o compare.json --report ergebnis≈.html
compare DATA -t klass -m constant,logistic-regression -j 0 --no-costs --json
runs
verdict last
report last --format md
report last --format json
calibration last
explain last
train DATA -t klass -m logistic-regression -o Modell_é病 --confidence-level 0.9
inspect Modell_é病
evaluate Modell_é病 DATA -t klass
predict Modell_é病 DATA
predict Modell_é病 DATA --json
predict Modell_é病 größe=1 'Stufe ≈=日'
explain Modell_é病 DATA -t klass
cost Modell_é病
export Modell_é病 --format skops -o exports_é
verify Modell_é病
learning-curve DATA -t klass -m constant,naive-bayes --sizes 4 --repeats 2
capacity DATA -t klass -m plain-mlp --layers 0,1 --units 2 --folds 2 --set plain-mlp.epochs=1
benchmark suite.yaml -j 0
"""

DRIVER = """
import json, shlex, sys
from deepworth.cli import main

def marked(number):
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        stream.buffer.write(b"\\n\\0%d\\n" % number)
        stream.buffer.flush()

codes = []
for number, line in enumerate(json.load(open("lines.json", encoding="utf-8"))):
    marked(number)
    try:
        main(shlex.split(line))
        codes.append(0)
    except SystemExit as end:
        codes.append(end.code or 0)
    except BaseException as error:
        codes.append(ascii(error))
    with open("codes.json", "w") as file:
        json.dump(codes, file)
"""


def lines() -> list[tuple[str, int]]:
    """Command lines and the exit code that each must have; a command without a line shows its help."""
    given = [line.partition(" | ") for line in LINES.strip().splitlines()]
    known = [(line, int(code or 0)) for line, _, code in given]
    tested = {line.split()[0] for line, _ in known}
    return known + [(f"{name} --help", 0) for name in Commands().list_commands(None) if name not in tested]  # type: ignore[arg-type]


def write_inputs(folder: Path) -> None:
    rows = "".join(f'{(i * 7) % 24 + (i % 2) * 6},"{"ab日"[i % 3]}",{CLASSES[i % 2]}\n' for i in range(100))
    (folder / "Größe_病.csv").write_text("größe,Stufe ≈,klass\n" + rows, encoding="utf-8")
    (folder / "lines.json").write_text(
        json.dumps([line.replace("DATA", "Größe_病.csv") for line, _ in lines()]), encoding="utf-8"
    )
    (folder / "suite.yaml").write_text(
        "name: früh\ndefaults: {model: [constant, naive-bayes], costs: false}\n"
        "datasets:\n  - iris\n  - {data: Größe_病.csv, target: klass, name: größer 病}\n",
        encoding="utf-8",
    )


@pytest.fixture(
    scope="module",
    params=["ascii", *(pytest.param(name, marks=pytest.mark.nightly) for name in ("cp1252", "C"))],
)
def answers(request, tmp_path_factory):
    """The encoding, and for each line its exit code, standard output and standard error as bytes."""
    folder = tmp_path_factory.mktemp("streams")
    write_inputs(folder)
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "PYTHONIO"))}
    home = {"XDG_CACHE_HOME": str(folder / "cache"), "XDG_DATA_HOME": str(folder / "data")}
    done = subprocess.run(
        [sys.executable, "-c", DRIVER],
        cwd=folder,
        env={**inherited, **home, "COLUMNS": "120", **ENVIRONMENTS[request.param]},
        capture_output=True,
        check=True,
    )
    codes = json.loads((folder / "codes.json").read_text())
    parts = [
        [part.split(b"\n", 1)[1] for part in stream.split(b"\n\0")[1:]]
        for stream in (done.stdout, done.stderr)
    ]
    encoding = "utf-8" if request.param == "C" else request.param
    return encoding, dict(zip([line for line, _ in lines()], zip(codes, *parts, strict=True), strict=True))


def test_every_command_ends_as_it_should(answers):
    _, found = answers
    for line, expected in lines():
        code, _, err = found[line]
        assert code == expected, f"{line}: {code}\n{err.decode(errors='replace')}"
        assert b"Traceback" not in err, f"{line}: {err.decode(errors='replace')}"
        assert b"Encode" not in err, f"{line}: {err.decode(errors='replace')}"


def test_what_is_printed_is_in_the_encoding_of_the_stream(answers):
    encoding, found = answers
    for line, (_, out, err) in found.items():
        if line.startswith("predict"):
            out.decode("utf-8")  # data formats have one encoding
        else:
            assert out.decode(encoding).strip() or line.startswith("check DATA -t nicht"), line
        err.decode(encoding)


def test_json_has_the_same_names_in_every_encoding(answers):
    encoding, found = answers
    for line in ("compare", "check"):
        text = next(out for name, (_, out, _) in found.items() if name.startswith(line) and "--json" in name)
        assert "Größe_病" in json.dumps(json.loads(text.decode(encoding)), ensure_ascii=False)
    run = json.loads(found["report last --format json"][1].decode(encoding))
    assert all(name in json.dumps(run, ensure_ascii=False) for name in CLASSES)


def test_predictions_are_utf_8_in_every_encoding(answers):
    _, found = answers
    rows = found["predict Modell_é病 DATA"][1].decode("utf-8").splitlines()
    assert len(rows) == 101
    assert {row.split(",")[0] for row in rows[1:]} <= set(CLASSES)


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are of Unix")
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_progress_bars_of_a_terminal(encoding, tmp_path):
    import pty

    write_inputs(tmp_path)
    controller, terminal = pty.openpty()
    command = "deepworth compare Größe_病.csv -t klass -m constant -j 0 --no-costs --no-store"
    running = subprocess.Popen(
        [sys.executable, "-m", "deepworth.cli", *shlex.split(command)[1:]],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": encoding, "TERM": "xterm"},
        stdout=subprocess.DEVNULL,
        stderr=terminal,
    )
    os.close(terminal)
    shown = b""
    with suppress(OSError):  # the end of a pseudo-terminal is an error on Linux
        while part := os.read(controller, 4096):
            shown += part
    os.close(controller)
    assert running.wait() == 0, shown
    assert b"fits" in shown
    assert "UnicodeEncodeError" not in shown.decode(encoding)


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text elsewhere")
def test_a_file_name_that_is_no_text(tmp_path):
    folder = os.fsencode(tmp_path)
    with open(folder + b"/d\xff.csv", "w") as file:
        file.write("x,y\n" + "".join(f"{i % 7},{'ab'[i % 2]}\n" for i in range(30)))
    for options in ([], [b"--json"]):
        command = [
            sys.executable.encode(),
            b"-m",
            b"deepworth.cli",
            b"check",
            folder + b"/d\xff.csv",
            *options,
        ]
        done = subprocess.run(command, env={**os.environ, "PYTHONIOENCODING": "utf-8"}, capture_output=True)
        assert done.returncode == 0, done.stderr
        assert b"\\udcff" in done.stdout


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8", "gb18030"])
def test_json_is_the_same_value_in_every_encoding(encoding, tmp_path):
    value = {"größe": ["😀", "²≈", "\ud83d", "plain"]}
    with open(tmp_path / "out", "w+", encoding=encoding) as stream:
        stream.write(json_for(json.dumps(value, ensure_ascii=False), stream))
        stream.seek(0)
        assert json.load(stream) == value


@pytest.mark.skipif(sys.platform == "win32", reason="closes streams by the shell")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_breaks_nothing(closed, tmp_path):
    """Services start programs so; worker processes inherit it."""
    wanted = "compare iris -m naive-bayes,constant --folds 2 --no-costs -j 1 -o answer.json"
    line = f"{shlex.quote(sys.executable)} -m deepworth.cli {wanted} {closed}"
    environment = {**os.environ, "DEEPWORTH_HOME": str(tmp_path / "runs")}
    ended = subprocess.run(["sh", "-c", line], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    answer = json.loads((tmp_path / "answer.json").read_text(encoding="utf-8"))
    assert {row["status"] for row in answer["leaderboard"]} == {"ok"}
    assert answer["exit_code"] == 0
