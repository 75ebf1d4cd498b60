"""The long chaos of the mirror, shortened; `make chaos-mirror` runs other seeds and sizes."""

import os
import subprocess
import sys

import pytest

from tests.chaos.stage import ROOT


@pytest.mark.slow
def test_processes_that_are_killed_leave_an_equal_mirror_that_never_went_back() -> None:
    size = ["--changes", "400", "--seconds", "12", "--kills", "3", "--deletions", "4"]
    ran = subprocess.run(
        [sys.executable, "-m", "tests.sync.chaos", "--seed", "5", *size, "--sweep", "3"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert " 0 contradictions" in ran.stdout
    assert " 4 tombstones" in ran.stdout
