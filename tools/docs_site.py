#!/usr/bin/env python3
"""docs_site.py BROKERSIM [--out DIR]: the sources of the docs site, from the same files that the repository shows.

Copies docs/ (README.md as index.md), writes the reference pages that the program and the package know themselves (checks,
metrics, probes, Python names with their docstrings), and leads links out of docs/ to a page that names the file. Then
`mkdocs build --strict` (make docs). Exits 1 if a public Python name has no docstring.
"""
import argparse
import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def listed(program, what, title, text):
    """`brokersim list` as a table."""
    out = subprocess.run([program, "list", what], capture_output=True, text=True, check=True).stdout
    rows = [re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in out.splitlines() if line.strip()]
    body = "\n".join("| " + " | ".join(("`" + row[0] + "`", (row[1] if len(row) > 1 else "").replace("|", "\\|"))) + " |" for row in rows)
    return f"# {title}\n\n{text}\n\n| name | what it says |\n|---|---|\n{body}\n"


def signature(value):
    try:
        return str(inspect.signature(value))
    except (TypeError, ValueError):
        return ""


def documented(value, own=True):
    text = inspect.getdoc(value) if not own else getattr(value, "__doc__", None)
    return inspect.cleandoc(text) if text else ""


def members(kind):
    """Public methods and properties that the class itself defines."""
    for name, value in vars(kind).items():
        if name.startswith("_"):
            continue
        if isinstance(value, property):
            yield name, "property", value.fget
        elif isinstance(value, (classmethod, staticmethod)):
            yield name, "method", value.__func__
        elif inspect.isfunction(value):
            yield name, "method", value


def attributes(kind):
    """What `name: type  #: text` says in the source of a class."""
    try:
        source = inspect.getsource(kind)
    except OSError:
        return []
    return re.findall(r"^ {4}(?! )(?:self\.)?(\w+)\s*:\s*([^=#\n]+?)\s*(?:=[^#\n]*)?#:\s*(.+)$", source, flags=re.M)


def python_page():
    """The page of all public names, and those without a docstring."""
    import brokersim

    out, bare = ["# Python names", "", "Everything that `import brokersim` gives, from its docstrings. The tour is in [python.md](../python.md).", ""], []
    for name in brokersim.__all__:
        value = getattr(brokersim, name)
        if name.startswith("__"):
            continue
        if not inspect.isclass(value):
            text = documented(value)
            if not text:
                bare.append(name)
            out += [f"## {name}", "", f"```python\n{name}{signature(value)}\n```", "", "```text", text, "```", ""]
            continue
        text = documented(value)
        if not text or text.startswith(name + "("):  # what dataclass writes by itself
            bare.append(name)
        out += [f"## {name}", "", "```text", text, "```", ""]
        rows = attributes(value)
        if rows:
            out += ["| attribute | type | what |", "|---|---|---|"] + [f"| `{a}` | `{t.replace('|', chr(92) + '|')}` | {d.replace('|', chr(92) + '|')} |" for a, t, d in rows] + [""]
        for member, what, function in members(value):
            text = documented(function)
            if not text:
                bare.append(f"{name}.{member}")
            out += [f"### {name}.{member}", "", f"```python\n{member}{signature(function) if what == 'method' else ''}\n```", "", "```text", text, "```", ""]
    return "\n".join(out), bare


def led(text, page):
    """Links that leave docs/ name the file instead; README.md is index.md."""
    def replace(match):
        label, link = match[1], match[2]
        if re.match(r"[a-z][a-z0-9+.-]*:|#", link):
            return match[0]
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve()
        docs = ROOT / "docs"
        if target == docs / "README.md":
            return f"[{label}]({link.replace('README.md', 'index.md')})"
        if docs in target.parents and target.is_file():
            return match[0]
        try:
            shown = target.relative_to(ROOT)
        except ValueError:
            return label
        return f"{label} (`{shown}`)" if label != str(shown) and f"`{shown}`" != label else f"`{shown}`"

    parts = re.split(r"(^```.*?^```)", text, flags=re.S | re.M)
    return "".join(part if part.startswith("```") else re.sub(r"(?<!!)\[([^\[\]]+)\]\(([^)\s]+)\)", replace, part) for part in parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--out", type=Path, default=ROOT / "build/docs")
    arguments = parser.parse_args()
    shutil.rmtree(arguments.out, ignore_errors=True)
    shutil.copytree(ROOT / "docs", arguments.out, ignore=shutil.ignore_patterns("examples"))
    for page in sorted((ROOT / "docs").rglob("*.md")):
        copy = arguments.out / page.relative_to(ROOT / "docs")
        if copy.exists():
            copy.write_text(led(page.read_text(encoding="utf-8"), page), encoding="utf-8")
    (arguments.out / "README.md").rename(arguments.out / "index.md")
    reference = arguments.out / "reference"
    reference.mkdir()
    for what, title, text in (("checks", "Checks", "Laws that are judged in every run; a scenario may expect another verdict of one."),
                              ("metrics", "Metrics", "Numbers that expectations, sweeps and Python know. Names that end in `_ms` are milliseconds, in `_s` and all "
                                                     "`unavailable.*` but counts seconds, else counts or amounts per second."),
                              ("probes", "Probes", "Rare states; a run counts how often it reached each, and `sometimes` expects one.")):
        (reference / f"{what}.md").write_text(listed(arguments.program, what, title, text), encoding="utf-8")
    page, bare = python_page()
    (reference / "python.md").write_text(page, encoding="utf-8")
    for name in bare:
        print(f"docs: brokersim.{name} has no docstring", file=sys.stderr)
    print(f"docs: {len(list(arguments.out.rglob('*.md')))} pages in {arguments.out}")
    return 1 if bare else 0


if __name__ == "__main__":
    sys.exit(main())
