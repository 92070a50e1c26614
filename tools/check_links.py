#!/usr/bin/env python3
"""check_links.py [FILE...]: every relative link of the Markdown files leads to a file, a folder or a heading that exists.

Without arguments: all Markdown files of the repository. Links to the network are not followed. Exits 1 if one is broken.
"""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")


def text_of(path):
    """Without code, whose brackets are no links."""
    text = re.sub(r"^(```|~~~).*?^\1", "", path.read_text(encoding="utf-8"), flags=re.S | re.M)
    return re.sub(r"`[^`\n]*`", "", text)


def anchors(path):
    """As GitHub makes them from headings."""
    found, names = {}, set()
    text = re.sub(r"^(```|~~~).*?^\1", "", path.read_text(encoding="utf-8"), flags=re.S | re.M)
    for title in re.findall(r"^#{1,6}\s+(.+?)\s*#*$", text, flags=re.M):
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)
        name = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        n = found.get(name, 0)
        found[name] = n + 1
        names.add(f"{name}-{n}" if n else name)
    return names | set(re.findall(r'<a (?:id|name)="([^"]+)"', text))


def broken(path):
    for link in LINK.findall(text_of(path)):
        if re.match(r"[a-z][a-z0-9+.-]*:", link):
            continue
        place, _, anchor = link.partition("#")
        target = (path.parent / place).resolve() if place else path
        if not target.exists():
            yield link, "there is no such file"
        elif anchor and target.suffix == ".md" and anchor not in anchors(target):
            yield link, f"{target.relative_to(ROOT)} has no such heading"


def pages():
    """Every page that is or may be committed; without git (a bare machine, an archive) every page outside of build folders."""
    try:
        listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"], cwd=ROOT,
                                capture_output=True, text=True)
        if listed.returncode == 0:
            return listed.stdout.split()
    except FileNotFoundError:
        pass
    return [path.relative_to(ROOT) for path in ROOT.glob("**/*.md") if "build" not in path.relative_to(ROOT).parts]


def main():
    if sys.argv[1:]:
        files = [Path(name).resolve() for name in sys.argv[1:]]
    else:
        files = [ROOT / name for name in pages() if (ROOT / name).exists()]
    wrong = [(path, link, why) for path in files for link, why in broken(path)]
    for path, link, why in wrong:
        print(f"{path.relative_to(ROOT)}: {link}: {why}")
    print(f"{len(files)} pages, {len(wrong)} broken links")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
