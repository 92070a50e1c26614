"""Reading C++ well enough to lint it: text without comments and strings, includes, balanced brackets."""
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("sim", "models", "app", "python", "bench", "tests")
SUFFIXES = (".h", ".cpp")

_TOKENS = re.compile(
    r"""//(?:[^\n\\]|\\.|\\\n)*            # line comment
      | /\*.*?\*/                            # block comment
      | (?:u8|[uUL])?R"(?P<d>[^\s()\\]{0,16})\(.*?\)(?P=d)"   # raw string
      | (?:u8|[uUL])?"(?:[^"\\\n]|\\.)*"     # string
      | (?<![0-9a-fA-F])'(?:[^'\\\n]|\\.)+'  # character; not a digit separator
    """,
    re.VERBOSE | re.DOTALL,
)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
_ALLOW = re.compile(r"//\s*lint:\s*allow\(([\w\s,-]+)\)\s*(\S.*)?$")


@dataclass(frozen=True, order=True)
class Finding:
    """One broken rule: where, which, what is wrong and the way out."""

    path: str
    line: int
    rule: str
    what: str
    way_out: str = ""

    def __str__(self):
        hint = f"\n  hint: {self.way_out}" if self.way_out else ""
        return f"{self.path}:{self.line}: {self.what}  [lint/{self.rule}]{hint}"


@dataclass(frozen=True)
class Include:
    line: int
    path: str
    quoted: bool


class Source:
    """One file. `path` is written from the repository root, with slashes."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        # Same length and same lines as the text: an offset means the same in all three.
        self.without_comments = _TOKENS.sub(self._blank_comment, text)
        self.code = _TOKENS.sub(self._blank, text)
        self.lines = text.split("\n")

    @staticmethod
    def _blank(match):
        token = match.group()
        blanked = re.sub(r"[^\n]", " ", token)
        if token.startswith(("//", "/*")):
            return blanked
        return '"' + blanked[1:-1] + '"' if len(token) > 1 else blanked

    @classmethod
    def _blank_comment(cls, match):
        token = match.group()
        return cls._blank(match) if token.startswith(("//", "/*")) else token

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def includes(self):
        """Every #include, also in a branch that this compiler skips."""
        return [
            Include(self.line_of(m.start()), m.group(1) or m.group(2), m.group(1) is not None)
            for m in _INCLUDE.finditer(self.without_comments)
        ]

    def allowed(self, line, rule):
        """True when the line, or a comment line right above it, allows the rule and says why."""
        for number in (line, line - 1):
            if not 1 <= number <= len(self.lines):
                continue
            text = self.lines[number - 1]
            if number != line and not text.lstrip().startswith("//"):
                continue
            match = _ALLOW.search(text)
            if match and match.group(2) and rule in re.split(r"\s*,\s*", match.group(1).strip()):
                return True
        return False


def closing(code, start):
    """Offset of the bracket that closes the one at `start`, or -1."""
    pairs = {"(": ")", "[": "]", "{": "}"}
    depth = []
    for offset in range(start, len(code)):
        character = code[offset]
        if character in pairs:
            depth.append(pairs[character])
        elif character in ")]}":
            if not depth or depth.pop() != character:
                return -1
            if not depth:
                return offset
    return -1


def tree(root=ROOT, folders=FOLDERS):
    """Every C++ file of ours under `root`, in order of path."""
    root = Path(root)
    sources = []
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in SUFFIXES and path.is_file():
                relative = path.relative_to(root).as_posix()
                if not relative.startswith("tests/lint/fixtures/"):
                    sources.append(Source(relative, path.read_text(encoding="utf-8")))
    return sources
