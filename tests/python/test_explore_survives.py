"""Goal: an exploration loses nothing, whatever ends it. Method: the command line, killed (SIGKILL) at twenty moments drawn
by chance, out of space, and told to write where it cannot; then the same command again, to the end. The findings must be
those of a search that nobody disturbed: the same folders, scenarios and tapes, byte for byte.
"""
import json
import os
import random
import resource
import shutil
import signal
import subprocess

import pytest

SPEC = {
    "title": "Small", "seed": 3,
    "scenario": {
        "duration": "16 s",
        "hosts": [{"name": "b", "count": 3, "zones": ["a", "b", "c"], "boot_time": "500 ms"}],
        "systems": {"kafka": {
            "kind": "kafka", "brokers_on": "b", "controllers": {"count": 1},
            "config": {"broker.session.timeout.ms": 2000, "broker.heartbeat.interval.ms": 500, "replica.lag.time.max.ms": 3000},
            "rules": {"planted": ["ack_before_replication"]},
            "topics": [{"name": "orders", "assignment": [[0, 1, 2]], "config": {"min.insync.replicas": 2}}]}},
        "workloads": [{"name": "checkout", "kind": "kafka_producer", "topic": "orders", "rate": "50 /s"}]},
    "faults": {"kinds": ["kill_process", "partition", "pause_process", "network_delay"], "count": [1, 4],
               "between": ["2 s", "10 s"], "lasts": ["200 ms", "4 s"]},
}
RUNS = 160


def command(folder, out):
    """To be run in `folder`: the files of findings name the spec and their folder as the command does."""
    (folder / "spec.json").write_text(json.dumps(SPEC), encoding="utf-8")
    return [os.environ["BROKERSIM"], "explore", "spec.json", "--out", os.path.relpath(out, folder), "--runs", str(RUNS), "--jobs", "2"]


def findings(out):
    """Every file of every finding that does not tell what the search cost."""
    files = {}
    for path in sorted((out / "findings").rglob("*.json")):
        text = path.read_text(encoding="utf-8")
        if path.name == "finding.json":
            told = json.loads(text)
            text = json.dumps({key: told[key] for key in ("signature", "rule", "trial", "seen") if key in told})
        files[str(path.relative_to(out))] = text
    return files


def finish(folder, out):
    run = subprocess.run(command(folder, out), cwd=folder, capture_output=True, text=True, timeout=300)
    assert run.returncode == 1, run.stderr
    return findings(out)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    found = finish(folder, folder / "out")
    assert len([name for name in found if name.endswith("scenario.json")]) >= 2, "something is there to be lost"
    return found


def test_kill_9_at_twenty_moments_ends_with_the_same_findings(tmp_path, undisturbed):
    out = tmp_path / "out"
    moment = random.Random(7)
    killed = 0
    while killed < 20:
        search = subprocess.Popen(command(tmp_path, out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  cwd=tmp_path, start_new_session=True)
        try:
            search.wait(moment.uniform(0.005, 0.35))
            # It came to its end: nothing of it may be lost, and the rest of the moments go to a new search.
            assert findings(out) == undisturbed
            shutil.rmtree(out)
            continue
        except subprocess.TimeoutExpired:
            killed += 1
        # Sometimes the search alone, whose trials then have nobody to tell; sometimes the trials with it.
        if killed % 2 == 0:
            search.kill()
        else:
            os.killpg(search.pid, signal.SIGKILL)
        search.wait()
    assert finish(tmp_path, out) == undisturbed


def small_files(limit):
    """For a child: no file beyond `limit` bytes, as on a disk that is full; an error instead of a signal."""
    def apply():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    return apply


@pytest.mark.parametrize("limit", [400, 9_000, 30_000])
def test_a_full_disk_is_an_error_that_loses_nothing(tmp_path, undisturbed, limit):
    out = tmp_path / "out"
    full = subprocess.run(command(tmp_path, out), cwd=tmp_path, capture_output=True, text=True, timeout=300,
                          preexec_fn=small_files(limit))
    assert full.returncode == 2, full.stderr
    assert "explore" in full.stderr, full.stderr
    assert "out" in full.stderr, "what could not be written is named: " + full.stderr
    before = findings(out)
    for name, text in before.items():
        if name.endswith("scenario.json"):
            assert text == undisturbed[name], "what had been found is whole"
    assert finish(tmp_path, out) == undisturbed


def test_a_file_system_without_space_is_an_error_that_loses_nothing(tmp_path, undisturbed):
    """The same on a file system of 200 KB in a mount namespace of its own, where that is allowed."""
    inside = tmp_path / "out"
    inside.mkdir()
    search = " ".join(command(tmp_path, inside))
    script = (f"mount -t tmpfs -o size=200k tmpfs {inside} || exit 99; {search} >{tmp_path}/first.txt 2>&1; echo $? "
              f">{tmp_path}/code; mount -o remount,size=50m {inside}; {search} >{tmp_path}/second.txt 2>&1; "
              f"cp -r {inside} {tmp_path}/kept")
    run = subprocess.run(["unshare", "-rm", "/bin/sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    if run.returncode == 99 or not (tmp_path / "code").exists():
        pytest.skip("no mount namespaces here: " + run.stderr)
    assert (tmp_path / "code").read_text().strip() == "2", (tmp_path / "first.txt").read_text()
    assert "No space left" in (tmp_path / "first.txt").read_text()
    assert findings(tmp_path / "kept") == undisturbed


def test_a_folder_that_cannot_be_written_is_refused_in_words(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    for out in (tmp_path / "file", "/proc/nowhere"):
        run = subprocess.run(command(tmp_path, out), cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert run.returncode == 2, run.stderr
        assert "error" in run.stderr and "hint" in run.stderr, run.stderr
