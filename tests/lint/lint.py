"""Lints the tree: python3 tests/lint/lint.py [ROOT]. Prints every finding, exits 1 if there is one.

Standard library only. Rules: arrows.py (architecture), banned.py and coroutines.py (determinism), own_header.py.
"""
import sys
from pathlib import Path

import arrows
import banned
import coroutines
import own_header
from source import ROOT, tree

BUILD_FILES = ("CMakeLists.txt", "CMakePresets.json", "Makefile", "pyproject.toml", ".ci/run")


def lint(root=ROOT):
    sources = tree(root)
    paths = {source.path for source in sources}
    headers = {source.path: source for source in sources if source.path.endswith(".h")}
    findings = []
    for source in sources:
        findings += arrows.check(source)
        findings += banned.check(source)
        findings += coroutines.check(source, headers)
        findings += own_header.check(source, paths)
    root = Path(root)
    build_files = [root / name for name in BUILD_FILES] + sorted((root / "cmake").glob("*.cmake"))
    build_files += sorted((root / "tools").glob("*.sh"))
    for path in build_files:
        if path.is_file():
            findings += banned.check_flags(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
    return sorted(findings), len(sources)


def main(arguments):
    findings, count = lint(arguments[0] if arguments else ROOT)
    for finding in findings:
        print(finding)
    print(f"lint: {count} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
