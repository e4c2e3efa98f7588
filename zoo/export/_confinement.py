"""Run a program that may write in one folder only: by Linux's Landlock, where the kernel has it.

Run as a file with the folder, the program and its arguments. It confines itself before anything is imported,
since threads that a library had started before would stay free. ``DEEPWORTH_CONFINED`` tells the program
whether it is confined. Source: https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import ctypes
import os
import runpy
import sys
from pathlib import Path

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # numbers of the system calls, the same on every architecture
_NO_NEW_PRIVILEGES = 38
_PATH_BENEATH = 1
_WRITE_FILE, _MAKE_AND_REMOVE = 1 << 1, sum(1 << bit for bit in range(4, 13))
_REFER, _TRUNCATE, _CONNECT_AND_BIND = 1 << 13, 1 << 14, 3  # since versions 2, 3 and 4 of the interface
_DEVICES = ("/dev/null", "/dev/zero")


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def confine(folder: str | os.PathLike[str]) -> bool:
    """Let this process, and all that it starts, write below a folder only, and open no connection (TCP).

    There is no way back. Returns False, and changes nothing, where the system does not offer it: not Linux,
    a kernel before 5.13, or one without Landlock.
    """
    if sys.platform != "linux":
        return False
    system = ctypes.CDLL(None, use_errno=True)
    version = system.syscall(_CREATE, None, 0, 1)
    if version < 1:
        return False
    files = (
        _WRITE_FILE | _MAKE_AND_REMOVE | (_REFER if version > 1 else 0) | (_TRUNCATE if version > 2 else 0)
    )
    rules = _Ruleset(files, _CONNECT_AND_BIND if version > 3 else 0)
    length = ctypes.sizeof(rules) if version > 3 else 8
    ruleset = system.syscall(_CREATE, ctypes.byref(rules), ctypes.c_size_t(length), 0)
    if ruleset < 0:
        return False
    try:
        for path in (folder, *_DEVICES):
            _allow(system, ruleset, Path(path), files)
        # without this, a program that runs as its owner would be allowed more
        return not system.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) and not system.syscall(_RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(system: ctypes.CDLL, ruleset: int, path: Path, files: int) -> None:
    if not path.exists():
        return
    opened = os.open(path, getattr(os, "O_PATH", 0) | os.O_CLOEXEC)
    try:
        allowed = files if path.is_dir() else files & (_WRITE_FILE | _TRUNCATE)
        rule = _Beneath(allowed, opened)
        system.syscall(_ADD, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(opened)


def main() -> None:
    """Confine this process to the folder of the first argument and run the program of the second."""
    folder, program, *arguments = sys.argv[1:]
    os.environ["DEEPWORTH_CONFINED"] = str(int(confine(folder)))
    os.environ["TMPDIR"] = folder
    sys.argv = [program, *arguments]
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main()
