"""PHOLD and the broker mix on SimPy (PyPI). One cell, as bench_kernel prints it: simpy_peer.py phold|mix SIZE

Callbacks on Timeout events, the fastest way SimPy has. The same integers as bench/workloads/draw.h.
"""
import math
import sys
import time

import simpy

MASK = (1 << 64) - 1
LN2 = 693_147_181
TABLE = [math.floor(math.log1p(i / 256.0) * 1e9 + 0.5) for i in range(257)]
TIMER_NS = (5_000_000, 500_000_000, 30_000_000_000)
THINK, FILLED, LINGERED, ARRIVED, HANDLED, APPENDED, FETCHED, COPIED, ACKED, DONE, LATE = range(11)


def mix_bits(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def exponential(bits):
    v = bits + 1
    log2 = v.bit_length() - 1
    fraction = (v << (32 - log2)) & 0xFFFFFFFF
    i = fraction >> 24
    line = ((TABLE[i + 1] - TABLE[i]) * (fraction & 0xFFFFFF)) >> 24
    return (32 - log2) * LN2 - TABLE[i] - line + (0 if log2 == 32 else 1)


def fold(total, state):
    return ((total ^ state) * 0x100000001B3 + 1) & MASK


GOLDEN = 0x9E3779B97F4A7C15


def phold(n):
    env = simpy.Environment()
    states = [(i + GOLDEN) & MASK for i in range(n)]
    states = [mix_bits(s) for s in states]
    count = [0]

    def schedule(delay, to):
        timeout = simpy.Timeout(env, delay, to)
        timeout.callbacks.append(handle)

    def handle(event):
        count[0] += 1
        at = event._value
        state = states[at] = (states[at] + GOLDEN) & MASK
        bits = mix_bits(state)
        other = (((bits >> 32) & 0x7FFFFFFF) * n) >> 31
        schedule(exponential(bits & 0xFFFFFFFF), at if bits >> 63 else other)

    for i in range(n):
        state = states[i] = (states[i] + GOLDEN) & MASK
        schedule(exponential(mix_bits(state) & 0xFFFFFFFF), i)
    rounds = max(2, 2_000_000 // n)
    length = rounds * 1_000_000_000
    env.run(until=length // 4)
    before = count[0]
    begin = time.process_time_ns()
    env.run(until=length)
    ns = time.process_time_ns() - begin
    total = 0
    for state in states:
        total = fold(total, state)
    return ns / (count[0] - before), count[0], total


class Batch:
    __slots__ = ("state", "acks", "fill", "timer")

    def __init__(self, i):
        self.state = mix_bits((i + GOLDEN) & MASK)
        self.acks = 0
        self.fill = None
        self.timer = [None, None, None]


def broker_mix(size):
    env = simpy.Environment()
    batches = [Batch(i) for i in range(size)]
    count = [0, 0]

    def draw_bits(b):
        b.state = (b.state + GOLDEN) & MASK
        return mix_bits(b.state)

    def span(bits, low, high):
        return low + (((bits & 0x7FFFFFFF) * (high - low)) >> 31)

    def schedule(delay, i, step):
        timeout = simpy.Timeout(env, delay, (i, step))
        timeout.callbacks.append(handle)
        return timeout

    def cancel(timeout):
        if timeout.callbacks is not None:
            timeout.callbacks.clear()

    def send(i, b):
        b.timer[2] = schedule(TIMER_NS[2], i, LATE)
        schedule(span(draw_bits(b), 50_000, 200_000), i, ARRIVED)

    def think(i, b):
        schedule(exponential(draw_bits(b) & 0xFFFFFFFF) // 50, i, THINK)

    def handle(event):
        i, step = event._value
        b = batches[i]
        count[0] += 1
        if step == THINK:
            b.timer[0] = schedule(TIMER_NS[0], i, LINGERED)
            bits = draw_bits(b)
            fill = span(bits, 500, 50_000) if bits >> 62 else span(bits, 3_000_000, 7_000_000)
            b.fill = schedule(fill, i, FILLED)
        elif step == FILLED:
            cancel(b.timer[0])
            send(i, b)
        elif step == LINGERED:
            cancel(b.fill)
            send(i, b)
        elif step == ARRIVED:
            schedule(span(draw_bits(b), 5_000, 20_000), i, HANDLED)
        elif step == HANDLED:
            schedule(span(draw_bits(b), 500, 3_000), i, APPENDED)
        elif step == APPENDED:
            b.timer[1] = schedule(TIMER_NS[1], i, LATE)
            b.acks = 0
            schedule(span(draw_bits(b), 50_000, 200_000), i, FETCHED)
            schedule(span(draw_bits(b), 50_000, 200_000), i, FETCHED)
        elif step == FETCHED:
            schedule(span(draw_bits(b), 500, 3_000), i, COPIED)
        elif step == COPIED:
            schedule(span(draw_bits(b), 50_000, 200_000), i, ACKED)
        elif step == ACKED:
            b.acks += 1
            if b.acks == 2:
                cancel(b.timer[1])
                schedule(span(draw_bits(b), 50_000, 200_000), i, DONE)
        elif step == DONE:
            cancel(b.timer[2])
            think(i, b)
        else:
            count[1] += 1

    for i, b in enumerate(batches):
        think(i, b)
    length = max(8, 170_000 // size) * 22_500_000
    env.run(until=length // 4)
    before = count[0]
    begin = time.process_time_ns()
    env.run(until=length)
    ns = time.process_time_ns() - begin
    total = count[1]
    for b in batches:
        total = fold(total, b.state)
    return ns / (count[0] - before), count[0], total


if __name__ == "__main__":
    cost, events, checksum = (phold if sys.argv[1] == "phold" else broker_mix)(int(sys.argv[2]))
    print(f"{cost:.2f} {events} {checksum:016x}")
