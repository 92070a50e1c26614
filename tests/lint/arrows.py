"""The architecture as a table: which folder may include which, and where outside libraries may appear.

The most specific folder of a file decides. An arrow not in the table is an error; adding one is an architectural
decision, so it belongs in a commit of its own with the reason.
"""
from source import Finding

DEVICES = ("models/devices", "models/devices/storage", "models/devices/network", "models/devices/compute",
           "models/devices/host")
# Pure decisions: no clock, no device, and they do not know each other.
PURE = ("models/kafka/replication", "models/kafka/controller", "models/kafka/groups", "models/kafka/transactions")
# The controller's shell lives beside its decisions, file by file: it may use devices and its folder's decisions;
# a decision may not include it.
SHELLS = ("models/kafka/controller/controller_service", "models/kafka/controller/quorum", "models/kafka/controller/quorum_snapshots",
          "models/kafka/controller/metadata_log", "models/kafka/controller/metadata_snapshots",
          "models/kafka/controller/voter_channel")
# The Raft core of the metadata log: pure as well; the controller's shells and the brokers' metadata loop use it.
RAFT = "models/kafka/raft"
KAFKA = ("models/kafka", "models/kafka/wire", RAFT, *PURE, *SHELLS, "models/kafka/broker", "models/kafka/client")
MODELS = (*DEVICES, "models/log", "models/history", *KAFKA, "models/database", "models/outbox", "models/faults",
          "models/checkers", "models/analytic", "models/world")

SEARCHES = ("app/trial", "app/shrink", "app/replay", "app/explore")

# folder (or file, without its ending) -> the folders it may include, besides itself.
ARROWS = {
    "sim": (),
    "models/devices": ("sim",),
    "models/devices/storage": ("sim", "models/devices"),
    "models/devices/network": ("sim", "models/devices"),
    "models/devices/compute": ("sim", "models/devices"),
    "models/devices/host": ("sim", *DEVICES),
    # A log stores ranges of record identities, and those are the history's words (history::RecordRange).
    "models/log": ("sim", *DEVICES, "models/history"),
    "models/history": ("sim", *DEVICES),
    "models/kafka": ("sim", *DEVICES, "models/log", "models/history"),
    "models/kafka/wire": ("sim", *DEVICES, "models/log", "models/history", "models/kafka"),
    RAFT: ("sim", "models/kafka", "models/kafka/wire"),
    **{folder: ("sim", "models/log", "models/history", "models/kafka", "models/kafka/wire") for folder in PURE},
    **{file: ("sim", *DEVICES, "models/log", "models/history", "models/kafka", "models/kafka/wire",
              RAFT, "models/kafka/controller", *SHELLS) for file in SHELLS},
    "models/kafka/broker": ("sim", *DEVICES, "models/log", "models/history", "models/kafka", "models/kafka/wire", RAFT,
                            *PURE, *SHELLS),
    # A client that leads its group runs the assignors, which are pure and live with the other decisions about groups.
    "models/kafka/client": ("sim", *DEVICES, "models/log", "models/history", "models/kafka", "models/kafka/wire",
                            "models/kafka/groups"),
    "models/database": ("sim", *DEVICES, "models/log", "models/history"),
    "models/outbox": ("sim", *DEVICES, "models/log", "models/history", "models/kafka", "models/kafka/wire",
                      "models/kafka/client", "models/database"),
    "models/faults": ("sim", *DEVICES, "models/log", "models/history", *KAFKA, "models/database"),
    # Checkers know what clients saw and what the system reported, and nothing else.
    "models/checkers": ("sim", "models/history"),
    "models/analytic": ("sim",),
    "models/world": ("sim", *MODELS),
    "app": ("sim", *MODELS),
    "app/scenario": ("sim", *MODELS, "app"),
    "app/results": ("sim", *MODELS, "app", "app/scenario"),
    "app/logdir": ("sim", *MODELS, "app"),
    "app/branch": ("sim", *MODELS, "app", "app/scenario", "app/results"),
    "app/capacity": ("sim", *MODELS, "app", "app/scenario", "app/results"),
    "app/sweep": ("sim", *MODELS, "app", "app/scenario", "app/results"),
    "app/report": ("sim", *MODELS, "app", "app/scenario", "app/results"),
    # A trace's counters are the report's.
    "app/trace": ("sim", *MODELS, "app", "app/scenario", "app/results", "app/report"),
    # One run in a process of its own; then what searches make of many.
    "app/trial": ("sim", *MODELS, "app", "app/scenario", "app/results", "app/branch"),
    "app/shrink": ("sim", *MODELS, "app", "app/scenario", "app/results", "app/trial"),
    "app/replay": ("sim", *MODELS, "app", "app/scenario", "app/results", "app/trial"),
    "app/explore": ("sim", *MODELS, "app", "app/scenario", "app/results", "app/trial", "app/shrink", "app/replay"),
    "app/cli": ("sim", *MODELS, "app", "app/scenario", "app/results", "app/branch", "app/sweep", "app/report", "app/trace",
                "app/capacity", "app/logdir", *SEARCHES),
    "python": ("sim", *MODELS, "app", "app/scenario", "app/results", "app/branch", "app/sweep", "app/report", "app/trace"),
    "bench": ("sim", *MODELS, "app", "app/scenario", "app/results", "app/branch"),
    "tests": ("sim", *MODELS, "app", "app/scenario", "app/results", "app/branch", "app/sweep", "app/report", "app/trace", "app/logdir",
              "app/capacity", *SEARCHES, "app/cli"),
}

# first part of <...> -> (library, the folders that may use it)
LIBRARIES = {
    "boost": ("Boost", ("models/devices/network",)),
    "Eigen": ("Eigen", ("models/analytic",)),
    "unsupported": ("Eigen", ("models/analytic",)),
    "nlohmann": ("nlohmann/json", ("app", "tests/app", "tests/laws")),
    "pybind11": ("pybind11", ("python",)),
    "CLI": ("CLI11", ("app/cli",)),
    "gtest": ("GoogleTest", ("tests",)),
    "gmock": ("GoogleTest", ("tests",)),
    # Other event kernels, to be measured beside ours.
    "ns3": ("ns-3", ("bench/peers",)),
    "simgrid": ("SimGrid", ("bench/peers",)),
}
PLATFORM = ("sys", "bits", "linux", "cxxabi.h")  # judged by banned.py, not here


def inside(path, folder):
    return path == folder or path.startswith(folder + "/")


def folder_of(path):
    """The most specific entry of the table that holds `path`, or None."""
    stem = path.rsplit(".", 1)[0]
    holding = [folder for folder in ARROWS if stem == folder or path.startswith(folder + "/")]
    return max(holding, key=len, default=None)


def check(source):
    findings = []

    def report(line, rule, what, way_out):
        if not source.allowed(line, rule):
            findings.append(Finding(source.path, line, rule, what, way_out))

    origin = folder_of(source.path)
    if origin is None:
        report(1, "arrow", "this folder is not part of the architecture",
               "put the file in a folder of tests/lint/arrows.py, or add the folder there with its arrows")
        return findings
    for include in source.includes():
        if include.quoted:
            target = folder_of(include.path)
            if target is None:
                report(include.line, "include-path", f'"{include.path}" is not written from the repository root',
                       'write it like "models/log/segment.h"; outside libraries and the standard use <...>')
            elif target != origin and target not in ARROWS[origin]:
                allowed = ", ".join(ARROWS[origin]) or "nothing but itself"
                report(include.line, "arrow", f"{origin} -> {target} is not an allowed arrow (\"{include.path}\")",
                       f"{origin} may include: {allowed}. Move the shared type down to a folder that both may "
                       "include, or pass it in as a value or a message")
            continue
        first = include.path.split("/")[0]
        if first in LIBRARIES:
            library, folders = LIBRARIES[first]
            if not any(inside(source.path, folder) for folder in folders):
                report(include.line, "library", f"{library} may be used in {', '.join(folders)} only",
                       f"keep <{include.path}> behind a type of {folders[0]} that does not show it")
        elif first in ARROWS or first == "models":
            report(include.line, "include-path", f"<{include.path}> is ours", f'write "{include.path}"')
        elif "/" in include.path and first not in PLATFORM:
            report(include.line, "library", f"<{include.path}> is not a library of this project",
                   "add it to LIBRARIES in tests/lint/arrows.py with the one folder that may use it")
    return findings
