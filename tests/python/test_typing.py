"""Types: the package passes mypy --strict, wrong calls do not, and the stub is the module."""
import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from brokersim import _brokersim

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "python/brokersim"
needs_mypy = pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="mypy is not installed")

USES = '''
import brokersim
scenario = brokersim.Scenario.load("x.json")
result = brokersim.run(scenario, seed=7, overrides={"/duration": "30 s"})
lost: int = result.records.lost_acknowledged
assert result.latency.produce.p99 <= "20 ms"
rows = brokersim.sweep(scenario, {"/workloads/0/config/acks": [0, 1, "all"]}, seeds=range(1, 21), precision={"any records.sent": "5%"})
low: float = rows.summary("records.sent")[0]["low"]
problems: brokersim.Diagnostics = scenario.validate()
'''
MISUSES = ['brokersim.run("x.json", seed="7")', 'brokersim.run("x.json").records.lost', 'brokersim.sweep("x.json", seeds=20)',
           'brokersim.run("x.json", sede=7)', 'brokersim.check(42)']


# Of other people's packages only pytest's types are looked at: pandas' would take minutes.
SETTINGS = "[mypy]\n" + "".join(f"[mypy-{name}.*]\nfollow_imports = skip\nignore_missing_imports = True\n"
                                for name in ("pandas", "tqdm", "ray", "optuna"))


def mypy(*arguments, cwd):
    (cwd / "mypy.ini").write_text(SETTINGS)
    return subprocess.run([sys.executable, "-m", "mypy", "--no-error-summary", "--config-file", str(cwd / "mypy.ini"), "--cache-dir", str(cwd / "cache"), *arguments],
                          cwd=cwd, capture_output=True, text=True, timeout=300, env={"MYPYPATH": str(ROOT / "python"), "PATH": ""})


@needs_mypy
def test_package_is_strictly_typed_and_wrong_calls_are_found(tmp_path):
    done = mypy("--strict", "--no-warn-unused-ignores", "-p", "brokersim", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "uses.py").write_text(USES)
    done = mypy("uses.py", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "misuses.py").write_text("import brokersim\n" + "\n".join(MISUSES) + "\n")
    done = mypy("misuses.py", cwd=tmp_path)
    found = {line.split(":")[1] for line in done.stdout.splitlines() if ": error:" in line}
    assert found == {str(2 + i) for i in range(len(MISUSES))}, done.stdout


# Goal: the sample project is typed, so that mypy finds a misspelt result in it. Method: as it is, then with one.
@needs_mypy
def test_sample_project_is_typed(tmp_path):
    example = ROOT / "docs/examples/ci"
    done = mypy("--strict", "--allow-untyped-decorators", "--no-warn-unused-ignores", str(example / "test_orders.py"), str(example / "conftest.py"), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    misspelt = tmp_path / "test_misspelt.py"
    misspelt.write_text((example / "test_orders.py").read_text().replace("lost_acknowledged", "lost_acknowledgedd", 1))
    done = mypy(str(misspelt), cwd=tmp_path)
    assert 'has no attribute "lost_acknowledgedd"' in done.stdout


# Goal: the stub of the compiled part lies about no name. Method: names of functions, classes and members on both sides.
def test_stub_and_module_have_the_same_names():
    stub = {}
    for node in ast.parse((PACKAGE / "_brokersim.pyi").read_text()).body:
        if isinstance(node, ast.ClassDef):
            members = {n.name for n in node.body if isinstance(n, ast.FunctionDef)}
            members |= {n.target.id for n in node.body if isinstance(n, ast.AnnAssign)}
            stub[node.name] = {m for m in members if not m.startswith("__")}
        elif isinstance(node, ast.FunctionDef):
            stub[node.name] = set()
    module = {}
    for name, value in vars(_brokersim).items():
        if not name.startswith("__"):
            module[name] = {m for m in vars(value) if not m.startswith("_")} if isinstance(value, type) and name != "Bug" else set()
    assert module == stub
