"""Calls that would make two runs of one seed differ, or break the rules of sim/ and models/.

Each rule is a pattern over code without comments and strings, the folders where it holds, and the way out. What a
pattern cannot see (types behind `auto`, aliases) is left to the determinism matrix, `make gate`.
"""
import re
from dataclasses import dataclass

from arrows import inside
from source import Finding

CORE = ("sim", "models")
CORE_AND_TESTS = ("sim", "models", "tests")
EVERYWHERE = ("sim", "models", "app", "python", "bench", "tests")


@dataclass(frozen=True)
class Rule:
    name: str
    pattern: str
    what: str
    way_out: str
    folders: tuple = CORE
    except_in: tuple = ()
    with_strings: bool = False


def call(names):
    """std::name(, ::name( or a plain name( that is nobody's member and not the name of a declaration."""
    after_keyword = "|".join(rf"(?<=\b{word}\s)" for word in ("return", "co_return", "co_await", "co_yield", "else", "throw"))
    plain = rf"(?<![\w.>:])(?:{after_keyword}|(?<!\w\s)(?<![>&*]\s))"
    return rf"(?:\bstd\s*::\s*|(?<![\w>)\]])(?<![\w>&*]\s)::\s*|{plain})(?:{names})\s*\("

RULES = (
    Rule("thread", r"\bstd\s*::\s*(?:jthread|thread|mutex|shared_mutex|recursive_mutex|timed_mutex|lock_guard|unique_lock"
         r"|scoped_lock|condition_variable\w*|async|future|promise|packaged_task|atomic\w*|barrier|latch|call_once"
         r"|\w+_semaphore|this_thread)\b|\bthread_local\b|\bpthread_\w+",
         "threads and their tools", "a simulation is single-threaded: use a task of a process; sweeps run one simulation per "
         "thread in app/ and python/"),
    Rule("thread", r"#\s*include\s*<(?:thread|mutex|shared_mutex|condition_variable|atomic|future|semaphore|barrier|latch"
         r"|stop_token|pthread\.h)>", "threads and their tools", "a simulation is single-threaded: use a task of a process",
         with_strings=True),
    Rule("random", r"\bstd\s*::\s*(?:random_device|mt19937\w*|minstd_rand0?|ranlux\w+|knuth_b|default_random_engine"
         r"|\w+_distribution|\w+_engine|shuffle|random_shuffle|sample|generate_canonical)\b"
         rf"|{call('s?rand|rand_r|[dlm]rand48|arc4random|getrandom|getentropy')}",
         "a generator or a distribution whose numbers depend on the library",
         "draw from a stream of sim/random.h by ordinal, and shape it with sim/sampling.h", EVERYWHERE),
    Rule("random", r"#\s*include\s*<random>", "<random>", "draw from a stream of sim/random.h by ordinal", EVERYWHERE,
         with_strings=True),
    Rule("wall-clock", r"\bstd\s*::\s*chrono\b|\b(?:system|steady|high_resolution)_clock\b|\bsleep_(?:for|until)\b"
         rf"|{call('gettimeofday|clock_gettime|localtime(?:_r)?|gmtime(?:_r)?|strftime|mktime|usleep|nanosleep')}"
         r"|(?:\bstd\s*::\s*|(?<![\w.>:]))time\s*\(\s*(?:nullptr|NULL|0|&\s*\w+)\s*\)",
         "a wall clock", "simulated time is sim::SimTime; wall time is measured in app/cli and bench/ only",
         EVERYWHERE, ("app/cli", "bench")),
    Rule("wall-clock", r"#\s*include\s*<(?:chrono|ctime|time\.h|sys/time\.h)>", "a wall clock",
         "simulated time is sim::SimTime; wall time is measured in app/cli and bench/ only", EVERYWHERE, ("app/cli", "bench"),
         with_strings=True),
    Rule("math", r"\bstd\s*::\s*(?:log|log2|log10|log1p|exp|exp2|expm1|pow|sin|cos|tan|asin|acos|atan|atan2|sinh|cosh|tanh"
         r"|asinh|acosh|atanh|cbrt|hypot|tgamma|lgamma|erfc?|fma)\s*\("
         rf"|{call('log2|log10|log1p|exp2|expm1|pow|powf|expf|logf|sinf|cosf|tgamma|lgamma|erfc?|fmaf?|cbrt|hypot')}",
         "a function that rounds differently between mathematics libraries",
         "use sim/sampling.h, or + - * / and std::sqrt, which are exact by IEEE 754", CORE,
         ("models/analytic", "sim/statistics")),
    Rule("long-double", r"\blong\s+double\b", "long double", "it differs between machines: use double or integers", CORE,
         ("models/analytic", "sim/statistics")),
    Rule("assert", r"(?<!\w)assert\s*\(", "assert() vanishes in the release build", "use SIM_CHECK, or SIM_DCHECK if it costs",
         CORE),
    Rule("files", r"\bstd\s*::\s*(?:basic_)?(?:[io]?fstream|filebuf)\b|\bstd\s*::\s*filesystem\b"
         rf"|{call('fopen|freopen|fdopen|tmpfile|mkstemp|openat|mmap|fork|execv?p?e?|system|popen|getpid|gettid|getenv|setenv')}"
         r"|(?<![\w>)\]])(?<![\w>&*]\s)::\s*(?:open|creat|socket|pipe|close|read|write)\s*\("
         r"|#\s*include\s*<(?:fstream|filesystem|unistd\.h|fcntl\.h|sys/\w+\.h|dirent\.h|csignal|signal\.h)>",
         "a real file, process or environment", "sim/ and models/ hold no descriptors and read no environment: pass values in "
         "from app/; simulated files are models/devices/storage", CORE, with_strings=True),
    Rule("output", rf"\bstd\s*::\s*(?:cout|cerr|clog|cin)\b|{call('f?printf|puts|fputs|putchar|perror')}",
         "output from the model", "return values or write history; app/ prints", CORE),
    Rule("pointer-order", r"\bstd\s*::\s*(?:multi)?map\s*<\s*(?:const\s+)?[\w:]+(?:\s*<[^<>]*>)?\s*(?:const\s*)?\*"
         r"|\bstd\s*::\s*(?:multi)?set\s*<\s*(?:const\s+)?[\w:]+(?:\s*<[^<>]*>)?\s*(?:const\s*)?\*"
         r"|\bstd\s*::\s*less\s*<[^<>]*\*\s*>", "ordering by address", "addresses differ between runs: key by id",
         EVERYWHERE),
    Rule("pointer-value", r'"(?:[^"\\\n]|\\.)*%p(?:[^"\\\n]|\\.)*"', "printing an address", "addresses differ between runs: "
         "print the id or the path", EVERYWHERE, with_strings=True),
    Rule("symmetric-transfer", r"\bcoroutine_handle\s*(?:<[^<>]*(?:<[^<>]*>[^<>]*)*>)?\s+await_suspend\b"
         r"|\bawait_suspend\b[^;{}]*->\s*(?:std\s*::\s*)?coroutine_handle",
         "symmetric transfer", "it overflows the stack in long chains: void await_suspend, and the kernel's trampoline",
         EVERYWHERE),
    Rule("catch-all", r"\bcatch\s*\(\s*\.\.\.\s*\)", "catch (...)", "only world::run catches; let sim::Bug through", EVERYWHERE,
         ("models/world", "tests")),
    Rule("global", r"^[ \t]*(?:inline\s+)?static\s+(?!const\b|constexpr\b|constinit\s+const\b|consteval\b|inline\s+const|_?assert)"
         r"(?:inline\s+)?[\w:<>,*&\s]+?\b\w+\s*(?:=|;|\{[^{}]*\}\s*;)",
         "a mutable static", "two simulations in one process must not know of each other: pass it through the constructor",
         CORE),
)

_FLAGS = re.compile(r"-ffast-math|-Ofast|-funsafe-math-optimizations|-fassociative-math|-freciprocal-math|-march=native"
                    r"|-mtune=native|-ffp-contract=(?:fast|on)")


def check(source):
    findings = []

    def report(offset, rule, what, way_out):
        line = source.line_of(offset)
        if not source.allowed(line, rule):
            findings.append(Finding(source.path, line, rule, what, way_out))

    for rule in RULES:
        if not any(inside(source.path, folder) for folder in rule.folders):
            continue
        # A prefix may also name files: sim/statistics covers sim/statistics.cpp.
        if any(source.path.startswith(prefix) for prefix in rule.except_in):
            continue
        text = source.without_comments if rule.with_strings else source.code
        for match in re.finditer(rule.pattern, text, re.MULTILINE):
            start = match.start() + len(match.group()) - len(match.group().lstrip())
            report(start, rule.name, f"{rule.what}: {' '.join(match.group().split())}", rule.way_out)
    for match in re.finditer(r"#\s*pragma\s+(?:STDC\s+FP_CONTRACT\s+ON|GCC\s+optimize|clang\s+fp)|__attribute__\s*\(\(\s*optimize",
                             source.code):
        report(match.start(), "fast-math", "a local change of floating-point or optimisation rules",
               "every file is compiled alike (cmake/Compiler.cmake)")
    return sorted(set(findings))


def check_flags(path, text):
    """Compiler flags in a build file: nothing that reorders floating point or ties the build to this machine."""
    findings = []
    for number, line in enumerate(text.split("\n"), start=1):
        match = _FLAGS.search(line.split("#")[0])
        if match:
            findings.append(Finding(path, number, "fast-math", f"{match.group()} changes results between machines",
                                    "remove it; cmake/Compiler.cmake sets -ffp-contract=off for everything"))
    return findings
