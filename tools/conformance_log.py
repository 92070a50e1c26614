#!/usr/bin/env python3
"""Kafka's own tools judge our log files, and we judge the files of a real broker.

1. Directories written by `brokersim export-log` (healthy, rolled, after retention, compacted, after a power loss, recovered
   after one, with transactions and the logs of their coordinators and groups), and a transactional one made by hand (open,
   aborted and interleaved transactions at will), are read by DumpLogSegments: every batch must be valid and agree with `brokersim inspect-log` on offsets, epoch, size, CRC, producer and position, and the
   indexes must be in order.
2. Copies damaged at random (cut, flipped, zeroed, files missing) are loaded by Kafka's log loader (UnifiedLog.create)
   and by inspect-log: both must keep the same segments, sizes, epochs and producers.
3. A real broker, on loopback only, writes plain, compressed, compacted and transactional topics; 1 and 2 are done with its
   directory, too, as it lies after a SIGKILL and after a clean stop.

The jars come from the Java registry by Maven (tools/conformance/pom.xml). Needs java 17, mvn, Python 3.9.
"""
import argparse
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SMALL = ["--set", "/duration=\"20 s\"", "--set", "/faults=[]", "--set", "/expect=[]"]

DUMP_LINE = re.compile(
    r"baseOffset: (?P<base_offset>-?\d+) lastOffset: (?P<last_offset>-?\d+) count: (?P<count>\S+) "
    r"baseSequence: (?P<base_sequence>-?\d+) lastSequence: (?P<last_sequence>-?\d+) producerId: (?P<producer_id>-?\d+) "
    r"producerEpoch: (?P<producer_epoch>-?\d+) partitionLeaderEpoch: (?P<leader_epoch>-?\d+) "
    r"isTransactional: (?P<transactional>\w+) isControl: (?P<control>\w+) deleteHorizonMs: (?P<horizon>\S+) "
    r"position: (?P<position>\d+) (?P<timestamp_type>\w+): (?P<max_timestamp_ms>-?\d+) size: (?P<bytes>\d+) "
    r"magic: (?P<magic>\d+) compresscodec: (?P<codec>\w+) crc: (?P<crc>\d+) isvalid: (?P<valid>\w+)")


class Judge:
    def __init__(self, program, work):
        self.program = program
        self.work = work
        self.lib = os.path.join(work, "lib")
        self.failures = []
        self.batches = 0
        self.loads = 0

    def fail(self, what):
        self.failures.append(what)
        print("  DIFFERENT:", what)

    def jars(self):
        if not (os.path.isdir(self.lib) and os.listdir(self.lib)):
            print("fetching the Kafka jars ...", flush=True)
            subprocess.run(["mvn", "-q", "-B", "-f", os.path.join(HERE, "conformance", "pom.xml"),
                            "dependency:copy-dependencies", "-DoutputDirectory=" + self.lib], check=True)

    def java(self, *arguments, **options):
        return subprocess.run(["java", "-Xmx512m", "-cp", self.lib + "/*", *arguments], capture_output=True, text=True,
                              **options)

    def inspect(self, directory, *flags):
        done = subprocess.run([self.program, "inspect-log", directory, *flags], capture_output=True, text=True)
        if done.returncode != 0:
            self.fail(f"inspect-log {directory}: {done.stderr.strip()}")
            return None
        return done.stdout

    def export(self, name, scenario, broker, *flags):
        target = os.path.join(self.work, name)
        shutil.rmtree(target, ignore_errors=True)
        done = subprocess.run([self.program, "export-log", scenario, str(broker), target, *flags], capture_output=True,
                              text=True)
        if done.returncode != 0:
            raise SystemExit(done.stderr)
        # A log directory without a replica has nothing to compare.
        return [line for line in done.stdout.splitlines()[1:]
                if any(os.path.isdir(os.path.join(line, name)) for name in os.listdir(line))]

    def transactional(self, tests):
        """The directory that tests/app/logdir/transactional_log_test.cpp makes."""
        target = os.path.join(self.work, "transactional")
        if not os.path.exists(tests):
            print(f"  no {tests}: the transactional log is left out (build the tests)")
            return None
        subprocess.run([tests, "--gtest_filter=TransactionalLog.*"], check=True, capture_output=True,
                       env={**os.environ, "BROKERSIM_TRANSACTIONAL_LOG": target})
        return target

    # --- 1: the same batches ------------------------------------------------------------------------------------

    def compare_batches(self, log_directory, indexes):
        """What inspect-log keeps must be what DumpLogSegments lists up to there.

        `indexes`: let it verify them, too. Not for a real broker's: maps of a killed one are not trimmed, and
        compaction leaves entries that the tool itself calls mismatches."""
        text = self.inspect(log_directory, "--batches")
        if text is None:
            return
        ours = {}
        for line in text.splitlines():
            batch = json.loads(line)
            ours.setdefault((batch["partition"], batch["file"]), []).append(batch)
        report = json.loads(self.inspect(log_directory, "--json"))
        segments = [(os.path.join(log_directory, partition["partition"], segment["file"]), segment,
                     ours.get((partition["partition"], segment["file"]), []))
                    for partition in report["partitions"] for segment in partition["segments"]]
        dumps = self.dump([path for path, _, _ in segments])
        for path, segment, batches in segments:
            self.compare_segment(path, segment, batches, dumps[path])
        if not indexes:
            return
        sides = [path[:-len(".log")] + suffix for path, segment, _ in segments if segment["fate"] == "kept"
                 for suffix in (".index", ".timeindex")]
        told = self.dump([side for side in sides if os.path.getsize(side) > 0], "--verify-index-only")
        for side, lines in told.items():
            text = "\n".join(lines).lower()
            if "mismatch" in text or "exception" in text or "out of order" in text:
                self.fail(f"{side}: {text.strip()[:300]}")

    def dump(self, paths, *flags):
        """What DumpLogSegments says of each of these files, line by line. Many files for one start of a JVM."""
        said = {path: [] for path in paths}
        for start in range(0, len(paths), 200):
            done = self.java("kafka.tools.DumpLogSegments", "--files", ",".join(paths[start:start + 200]), *flags)
            path = None
            for line in (done.stdout + done.stderr).splitlines():
                if line.startswith("Dumping "):
                    path = line[len("Dumping "):].strip()
                    said[path].append("dumped")
                elif path is not None:
                    said[path].append(line)
            silent = [path for path in paths[start:start + 200] if not said[path]]
            if done.returncode != 0 or silent:
                self.fail(f"DumpLogSegments: code {done.returncode}, nothing of {silent[:3]}: {done.stderr[-300:]}")
        return said

    def compare_segment(self, path, segment, ours, lines):
        theirs = [m.groupdict() for m in map(DUMP_LINE.match, lines) if m]
        theirs = [batch for batch in theirs if batch["valid"] == "true"]
        if segment["fate"] == "kept" and len(theirs) != len(ours):
            self.fail(f"{path}: {len(theirs)} batches by DumpLogSegments, {len(ours)} by inspect-log")
        for theirs_one, ours_one in zip(theirs, ours):
            self.batches += 1
            for field, value in theirs_one.items():
                if field in ("valid", "horizon"):
                    continue
                mine = ours_one[field]
                mine = str(mine).lower() if isinstance(mine, bool) else str(mine)
                if field == "count" and value == "OptionalInt.empty":
                    continue
                if mine != value and not (field == "base_sequence" and ours_one["producer_id"] < 0):
                    self.fail(f"{path} at {ours_one['position']}: {field} is {value}, inspect-log says {mine}")
                    return

    # --- 2: the same recovery -----------------------------------------------------------------------------------

    def damage(self, directory, dice):
        """Changes a copy of a partition directory; tells how."""
        logs = sorted(f for f in os.listdir(directory) if f.endswith(".log"))
        log = os.path.join(directory, dice.choice(logs[-2:] if dice.random() < 0.7 else logs))
        size = os.path.getsize(log)
        how = dice.choice(["cut", "cut", "flip", "flip", "zero", "garbage", "no index", "no segment", "no epochs",
                           "no snapshots", "nothing"])
        at = dice.randrange(size) if size else 0
        if how == "cut" and size:
            os.truncate(log, at)
        elif how in ("flip", "zero") and size:
            with open(log, "r+b") as file:
                file.seek(at)
                old = file.read(1 if how == "flip" else dice.randrange(1, 9000))
                file.seek(at)
                file.write(bytes([old[0] ^ (1 << dice.randrange(8))]) if how == "flip" else bytes(len(old)))
        elif how == "garbage":
            with open(log, "ab") as file:
                file.write(bytes(dice.randrange(256) for _ in range(dice.randrange(1, 200))))
        elif how == "no index":
            os.remove(log[:-len(".log")] + ".index")
        elif how == "no segment" and len(logs) > 1:
            os.remove(log)
        elif how == "no epochs":
            os.remove(os.path.join(directory, "leader-epoch-checkpoint"))
        elif how == "no snapshots":
            for name in os.listdir(directory):
                if name.endswith(".snapshot"):
                    os.remove(os.path.join(directory, name))
        return f"{how} {os.path.basename(log)} at {at}"

    def compare_recovery(self, log_directory, copies, seed):
        report = json.loads(self.inspect(log_directory, "--json"))
        dice = random.Random(seed)
        root = os.path.join(self.work, "damaged")
        shutil.rmtree(root, ignore_errors=True)
        cases = []
        for i in range(copies):
            partition = dice.choice(report["partitions"])
            place = os.path.join(root, str(i))
            target = os.path.join(place, partition["partition"])
            shutil.copytree(os.path.join(log_directory, partition["partition"]), target)
            how = self.damage(target, dice)
            point = dice.choice([0, 0, dice.randrange(partition["log_end"] + 1)])
            topic, _, number = partition["partition"].rpartition("-")
            with open(os.path.join(place, "recovery-point-offset-checkpoint"), "w", encoding="ascii") as file:
                file.write(f"0\n1\n{topic} {number} {point}\n")
            newest = max([s["max_timestamp_ms"] for s in partition["segments"]] + [0])
            cases.append((target, how, point, newest + 1000))
        ours = []
        for target, how, point, _ in cases:
            text = self.inspect(target, "--json")
            ours.append(None if text is None else json.loads(text)["partitions"][0])
        orders = "".join(f"unclean {point} {now} {target}\n" for target, _, point, now in cases)
        loaded = self.java(os.path.join(HERE, "conformance", "LoadLog.java"), input=orders)
        answers = [json.loads(line) for line in loaded.stdout.splitlines() if line.startswith("{")]
        if len(answers) != len(cases):
            self.fail(f"the log loader answered {len(answers)} of {len(cases)}: {loaded.stderr[-500:]}")
        for (target, how, point, _), mine, theirs in zip(cases, ours, answers):
            self.loads += 1
            if mine is None:
                continue
            self.compare_load(f"{target} ({how}, recovery point {point})", mine, theirs)

    def compare_load(self, name, mine, theirs):
        if "error" in theirs:
            if not any("offline" in note for note in mine["notes"]):
                self.fail(f"{name}: the log loader refuses ({theirs['error']}), inspect-log does not")
            return
        segments = [[s["base_offset"], s["kept_bytes"]] for s in mine["segments"] if s["fate"] != "dropped"]
        if not segments:
            segments = [[mine["log_start"], 0]]
        ours = {"log_start": mine["log_start"], "log_end": mine["log_end"], "segments": segments,
                "epochs": [[e["epoch"], e["start_offset"]] for e in mine["epochs"]],
                "producers": [[p["producer_id"], p["epoch"], p["last_sequence"], p["last_offset"],
                               p["transaction_first_offset"]] for p in mine["producers"]]}
        for field, value in ours.items():
            if theirs[field] != value:
                self.fail(f"{name}: {field} is {theirs[field]} by the log loader, {value} by inspect-log")

    # --- 3: a real broker ---------------------------------------------------------------------------------------

    def real_broker(self):
        """Directories of a broker that was killed, and of the same one after a clean stop."""
        place = os.path.join(self.work, "broker")
        shutil.rmtree(place, ignore_errors=True)
        os.makedirs(place)
        with socket.socket() as a, socket.socket() as b:
            a.bind(("127.0.0.1", 0))
            b.bind(("127.0.0.1", 0))
            port, controller = a.getsockname()[1], b.getsockname()[1]
        properties = os.path.join(place, "server.properties")
        data = os.path.join(place, "data")
        with open(properties, "w", encoding="ascii") as file:
            file.write(f"""process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={data}
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
log.cleaner.backoff.ms=500
log.cleaner.min.cleanable.ratio=0.01
""")
        self.java("kafka.tools.StorageTool", "format", "-t", "AAAAAAAAAAAAAAAAAAAAAQ", "-c", properties, check=True)
        broker = self.start(place, properties, port)
        try:
            self.fill(f"127.0.0.1:{port}", place)
            time.sleep(8)  # the cleaner's turn: real time, there is no other sign of it
        finally:
            broker.send_signal(signal.SIGKILL)
            broker.wait()
        killed = os.path.join(self.work, "killed")
        shutil.rmtree(killed, ignore_errors=True)
        shutil.copytree(data, killed)
        broker = self.start(place, properties, port)
        broker.send_signal(signal.SIGTERM)
        broker.wait(timeout=60)
        return killed, data

    def start(self, place, properties, port):
        log = open(os.path.join(place, "broker.out"), "ab")
        broker = subprocess.Popen(["java", "-Xmx512m", "-cp", self.lib + "/*", "kafka.Kafka", properties], stdout=log,
                                  stderr=subprocess.STDOUT)
        for _ in range(240):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                time.sleep(2)
                return broker
            except OSError:
                if broker.poll() is not None:
                    break
                time.sleep(0.5)
        broker.kill()
        raise SystemExit(f"the broker did not start; see {place}/broker.out")

    def fill(self, bootstrap, place):
        topics = {"plain": ["segment.bytes=1048576"], "squeezed": [],
                  "tidy": ["cleanup.policy=compact", "segment.bytes=1048576", "segment.ms=1000"], "transfers": []}
        for topic, configs in topics.items():
            flags = [flag for config in configs for flag in ("--config", config)]
            done = self.java("org.apache.kafka.tools.TopicCommand", "--bootstrap-server", bootstrap, "--create",
                             "--topic", topic, "--partitions", "1", "--replication-factor", "1", *flags)
            if done.returncode != 0:
                raise SystemExit(done.stdout + done.stderr)
        perf = "org.apache.kafka.tools.ProducerPerformance"

        def produce(topic, records, size, *more, props=()):
            done = self.java(perf, "--topic", topic, "--num-records", str(records), "--record-size", str(size),
                             "--throughput", "-1", "--producer-props", "bootstrap.servers=" + bootstrap, *props, *more)
            if done.returncode != 0:
                raise SystemExit(done.stdout + done.stderr)
        produce("plain", 20000, 200)
        for codec in ("gzip", "snappy", "lz4", "zstd"):
            produce("squeezed", 2000, 500, props=["compression.type=" + codec])
        produce("transfers", 3000, 100, "--transaction-duration-ms", "50", "--transactional-id", "t1")
        for round_ in range(4):  # the same keys again and again, then a tombstone for some of them
            lines = "".join(f"key{k}:{'value' * 40}{round_}\n" for k in range(3000))
            self.java("org.apache.kafka.tools.ConsoleProducer", "--bootstrap-server", bootstrap, "--topic", "tidy",
                      "--property", "parse.key=true", "--property", "key.separator=:", input=lines)
            time.sleep(1.2)

    def whole_directory(self, name, directory, copies, seed, indexes):
        print(f"{name} ...", flush=True)
        before = len(self.failures)
        self.compare_batches(directory, indexes)
        self.compare_recovery(directory, copies, seed)
        print(f"  {'agree' if len(self.failures) == before else 'DIFFERENT'}; so far {self.batches} batches, "
              f"{self.loads} loads", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--work", default="build/conformance")
    parser.add_argument("--copies", type=int, default=60, help="damaged copies per directory")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tests", default="build/release/tests/test_app", help="the test program of app/")
    parser.add_argument("--only", default="", help="names of exports, by commas; also: transactional, broker")
    parser.add_argument("--no-broker", action="store_true", help="leave out the real broker")
    options = parser.parse_args()
    judge = Judge(os.path.abspath(options.program), os.path.abspath(options.work))
    os.makedirs(judge.work, exist_ok=True)
    judge.jars()
    rolled = ["--set", "/systems/kafka/topics/0/config={\"segment.bytes\": 1048576}"]
    first = "scenarios/quickstart/first-steps.json"
    exports = [("healthy", first, 0, SMALL), ("rolled", first, 1, SMALL + rolled),
               ("mid-flight", first, 2, SMALL + rolled + ["--at", "7.3 s"]),
               ("retention", "scenarios/incidents/retention-unread.json", 0,
                ["--set", "/expect=[]", "--at", "100 s"]),
               ("compacted", "scenarios/incidents/compaction-tombstones.json", 0,
                ["--set", "/expect=[]", "--set", "/workloads/0/rate=\"1000 /s\""]),
               ("compacted-follower", "scenarios/incidents/compaction-tombstones.json", 2,
                ["--set", "/expect=[]", "--set", "/workloads/0/rate=\"1000 /s\""]),
               ("power-loss", "scenarios/planted/recovery-skips-crc.json", 0, []),
               ("recovered", "scenarios/incidents/torn-tail.json", 0, ["--set", "/expect=[]"]),
               ("transfers", "scenarios/incidents/transfers.json", 0, ["--set", "/expect=[]"]),
               ("transfers-mid-flight", "scenarios/incidents/transfers.json", 1,
                ["--set", "/expect=[]", "--at", "31.7 s"])]
    only = [name for name in options.only.split(",") if name]
    for i, (name, scenario, broker, flags) in enumerate(exports):
        if only and name not in only:
            continue
        for directory in judge.export(name, scenario, broker, *flags):
            judge.whole_directory(f"exported: {name}, {os.path.basename(directory)}", directory, options.copies,
                                  options.seed + i, indexes=True)
    by_hand = judge.transactional(options.tests) if not only or "transactional" in only else None
    if by_hand is not None:
        judge.whole_directory("made by hand: transactional", by_hand, options.copies, options.seed + 50, indexes=True)
    if not options.no_broker and (not only or "broker" in only):
        print("a real broker on loopback ...", flush=True)
        killed, stopped = judge.real_broker()
        judge.whole_directory("real broker, killed", killed, options.copies * 2, options.seed + 100, indexes=False)
        judge.whole_directory("real broker, stopped", stopped, options.copies * 2, options.seed + 101, indexes=False)
    print(f"{judge.batches} batches and {judge.loads} recoveries compared, {len(judge.failures)} differences")
    return 1 if judge.failures else 0


if __name__ == "__main__":
    sys.exit(main())
