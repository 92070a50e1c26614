"""Coroutine traps and hash-map walks: the rules that need more than one line of a file."""
import re

from arrows import inside
from source import Finding, closing

# Value types with trivial members: a temporary of theirs in a co_await operand is safe with g++ 12.
_TRIVIAL = re.compile(r"^(?:SimTime|Duration|Bytes\w*|Percent|\w*Id|Offset|Epoch|Term|FileRange|int\w*|uint\w*)$")
_KEYWORD = re.compile(r"\bco_(?:await|return|yield)\b")
_TASK = r"\b(?:sim\s*::\s*)?Task\s*<"
_NOT_A_SUBSCRIPT = re.compile(r"(?:^|[=(,{};:?&|!<>+\-*/]|\breturn|\bco_return|\bco_await|\bco_yield)\s*$")


def check(source, headers):
    """`headers`: path -> Source of every header, for members declared in a file's own header."""
    findings = []

    def report(offset, rule, what, way_out):
        line = source.line_of(offset)
        if not source.allowed(line, rule):
            findings.append(Finding(source.path, line, rule, what, way_out))

    _lambdas(source, report)
    if any(inside(source.path, folder) for folder in ("sim", "models", "app")):
        _parameters(source, report)
    _temporaries(source, report)
    if any(inside(source.path, folder) for folder in ("sim", "models", "app", "python")):
        _hash_walks(source, headers, report)
    return sorted(set(findings))


def _lambdas(source, report):
    code = source.code
    for match in re.finditer(r"\[", code):
        start = match.start()
        if code[start + 1 : start + 2] == "[" or not _NOT_A_SUBSCRIPT.search(code[max(0, start - 60) : start]):
            continue
        end = closing(code, start)
        captures = code[start + 1 : end].strip() if end > 0 else ""
        if not captures:
            continue
        rest = re.match(r"\s*(?:<[^<>]*>\s*)?(\()?", code[end + 1 :])
        position = end + 1 + rest.end()
        if rest.group(1):
            position = closing(code, position - 1) + 1
            if position <= 0:
                continue
        body = re.match(r"[\w\s:<>,*&-]*\{", code[position:])
        if not body:
            continue
        begin = position + body.end() - 1
        finish = closing(code, begin)
        if _KEYWORD.search(code[begin : finish if finish > 0 else len(code)]):
            report(start, "capturing-coroutine", f"a coroutine lambda captures [{captures}]",
                   "the captures die with the lambda object, not with the frame: write a member function, or pass by value")


def _parameters(source, report):
    code = source.code
    for match in re.finditer(_TASK, code):
        end = _closing_angle(code, match.end() - 1)
        name = re.match(r"\s+((?:\w+\s*::\s*)*\w+)\s*\(", code[end + 1 :]) if end > 0 else None
        if not name:
            continue
        opening = end + 1 + name.end() - 1
        close = closing(code, opening)
        parameters = code[opening + 1 : close] if close > 0 else ""
        bad = re.search(r"&|\b(?:string_view|span|function_ref)\b", parameters)
        if bad:
            report(match.start(), "task-parameter",
                   f"{name.group(1).strip()}() returns a Task and takes a reference or a view: ({' '.join(parameters.split())})",
                   "the frame outlives the call: take it by value, or as a pointer to something that the owner keeps")


def _closing_angle(code, start):
    depth = 0
    for offset in range(start, min(len(code), start + 400)):
        depth += {"<": 1, ">": -1}.get(code[offset], 0)
        if depth == 0:
            return offset
    return -1


def _temporaries(source, report):
    code = source.code
    for match in re.finditer(r"\bco_await\b", code):
        call = re.match(r"\s*[\w:.\->]+(?:<[^<>;(){}]*>)?\s*\(", code[match.end() :])
        if not call:
            continue
        opening = match.end() + call.end() - 1
        close = closing(code, opening)
        operand = code[opening + 1 : close] if close > 0 else ""
        lambda_ = re.search(r"(?:^|[(,])\s*\[", operand)
        if lambda_:
            report(match.start(), "await-temporary", "a lambda inside a co_await operand",
                   "g++ 12 destroys it twice: name it first, then co_await f(std::move(it))")
        for made in re.finditer(r"\b([A-Z]\w*|std\s*::\s*(?:string|vector|map|set|function|optional|pair|tuple|shared_ptr))"
                                r"\s*(?:<[^<>;]*>)?\s*(\{)|\bstd\s*::\s*(string|vector|make_shared|make_unique)\b[^,;]*?\(", operand):
            name = (made.group(1) or made.group(3)).split(":")[-1].strip()
            if not _TRIVIAL.match(name):
                report(match.start(), "await-temporary", f"a temporary {name} inside a co_await operand",
                       f"g++ 12 destroys it twice: {name} it{{...}}; co_await f(std::move(it));")


_HASHED = re.compile(r"\b(?:std|boost|absl)\s*::\s*(?:unordered_(?:multi)?(?:map|set)|unordered_flat_(?:map|set)"
                     r"|flat_hash_(?:map|set))\s*<")


def _hash_walks(source, headers, report):
    names = _hashed_names(source)
    own = headers.get(source.path[: -len(".cpp")] + ".h") if source.path.endswith(".cpp") else None
    if own is not None:
        names |= _hashed_names(own)
    for name in names:
        pattern = (rf"\bfor\s*\([^;()]*:\s*(?:\w+(?:\.|->))*{name}\s*\)"
                   rf"|(?<![\w]){name}\s*\.\s*c?begin\s*\(")
        for match in re.finditer(pattern, source.code):
            report(match.start(), "hash-walk", f"walking the hash map `{name}`",
                   "its order depends on the library and the addresses: use an ordered container keyed by id, or sort the keys")


def _hashed_names(source):
    names = set()
    for match in _HASHED.finditer(source.code):
        end = _closing_angle(source.code, match.end() - 1)
        name = re.match(r"\s*[&*]?\s*(\w+)\s*[;={(,)]", source.code[end + 1 :]) if end > 0 else None
        if name:
            names.add(name.group(1))
    return names
