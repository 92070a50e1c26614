"""What answers the tests' SQL about a trace: Perfetto's own trace processor, or SQLite over Perfetto's own protocol buffers.

The package `perfetto` fetches the processor's program from the network when it is first used. Where that is not to be had, the same
tables (slice, process, process_track, flow, counter, process_counter_track, args, stats) are made here from the packets, decoded
with the protocol buffers that the package brings: begins and ends nest, flows go from slice to slice in time.
"""
import sqlite3
from collections import defaultdict, namedtuple


def open_trace(path):
    """(context manager with .query(sql), its name)."""
    try:
        from perfetto.trace_processor import TraceProcessor

        return TraceProcessor(trace=str(path)), "trace processor"
    except Exception as error:  # not reachable: no network, no program
        return Decoded(path), f"SQLite over Perfetto's protos (the trace processor is not to be had: {type(error).__name__})"


class Decoded:
    def __init__(self, path):
        from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TrackEvent

        trace = Trace.FromString(path.read_bytes())
        self.base = sqlite3.connect(":memory:")
        self.base.create_function("extract_arg", 2, lambda number, key: self.args.get((number, key)))
        self.args, errors = {}, defaultdict(int)
        processes, tracks, counters, slices, flows, values = {}, {}, {}, [], defaultdict(list), []
        events = []
        for number, packet in enumerate(trace.packet):
            if packet.HasField("track_descriptor"):
                d = packet.track_descriptor
                errors["track_descriptor_repeated"] += d.uuid in processes or d.uuid in tracks or d.uuid in counters
                if d.HasField("process"):
                    processes[d.uuid] = d.process.process_name
                elif d.HasField("counter"):
                    counters[d.uuid] = (d.name, d.counter.unit_name, d.parent_uuid)
                else:
                    tracks[d.uuid] = (d.name, d.parent_uuid)
            elif packet.HasField("track_event"):
                events.append((packet.timestamp, number, packet.track_event))
            else:
                errors["unknown_packet"] += 1
        events.sort(key=lambda one: one[:2])
        open_ = defaultdict(list)
        for at, _, event in events:
            uuid = event.track_uuid
            if event.type == TrackEvent.TYPE_COUNTER:
                errors["counter_without_track"] += uuid not in counters
                values.append((uuid, at, event.counter_value))
                continue
            errors["event_without_track"] += uuid not in tracks
            if event.type == TrackEvent.TYPE_SLICE_END:
                errors["end_without_begin"] += not open_[uuid]
                if open_[uuid]:
                    ended = slices[open_[uuid].pop()]
                    ended["dur"] = at - ended["ts"]
                continue
            number = len(slices)
            stack = open_[uuid]
            slices.append({"id": number, "name": event.name, "category": event.categories[0], "ts": at, "dur": 0 if event.type == TrackEvent.TYPE_INSTANT else -1,
                           "depth": len(stack), "parent_id": stack[-1] if stack else None, "track_id": uuid, "arg_set_id": number})
            for annotation in event.debug_annotations:
                self.args[number, "debug." + annotation.name] = annotation.string_value if annotation.HasField("string_value") else annotation.int_value
            for flow in event.flow_ids:
                flows[flow].append(number)
            if event.type == TrackEvent.TYPE_SLICE_BEGIN:
                stack.append(number)
        self._fill(processes, tracks, counters, slices, flows, values, errors)

    def _fill(self, processes, tracks, counters, slices, flows, values, errors):
        base = self.base
        base.executescript("""create table process(upid, name); create table process_track(id, name, upid); create table process_counter_track(id, name, unit, upid);
            create table slice(id, name, category, ts, dur, depth, parent_id, track_id, arg_set_id); create table flow(slice_out, slice_in);
            create table counter(track_id, ts, value); create table stats(name, severity, value); create table args(arg_set_id, key, int_value, string_value);""")
        base.executemany("insert into process values (?, ?)", processes.items())
        base.executemany("insert into process_track values (?, ?, ?)", [(uuid, name, parent) for uuid, (name, parent) in tracks.items()])
        base.executemany("insert into process_counter_track values (?, ?, ?, ?)", [(uuid, name, unit, parent) for uuid, (name, unit, parent) in counters.items()])
        base.executemany("insert into slice values (:id, :name, :category, :ts, :dur, :depth, :parent_id, :track_id, :arg_set_id)", slices)
        base.executemany("insert into flow values (?, ?)", [(a, b) for ends in flows.values() for a, b in zip(ends, ends[1:])])
        base.executemany("insert into counter values (?, ?, ?)", values)
        base.executemany("insert into stats values (?, 'error', ?)", errors.items())
        base.executemany("insert into args values (?, ?, ?, ?)", [(number, key, None if isinstance(value, str) else value, value if isinstance(value, str) else None)
                                                                for (number, key), value in self.args.items()])
        base.executescript("create index s on slice(id); create index g on slice(arg_set_id); create index t on process_track(id); create index p on slice(parent_id); create index a on args(arg_set_id);")

    def query(self, sql):
        cursor = self.base.execute(sql)
        row = namedtuple("Row", [column[0] for column in cursor.description])
        return [row(*values) for values in cursor]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.base.close()

