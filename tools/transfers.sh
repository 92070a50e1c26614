#!/usr/bin/env bash
# transfers.sh PROGRAM WORLDS JOBS [PAGE]: a bank's transactions under WORLDS random schedules of faults, and with each
# safeguard switched off until a world shows it. With PAGE the result is written there (docs/transfers.md). Exit code 1 if
# anything failed or was missed.
set -euo pipefail
program=$1
worlds=$2
jobs=$3
page=${4:-}
cd "$(dirname "$0")/.."
mkdir -p build/transfers
# What PROGRAM is made of; a tree may move on while it runs.
commit=$(git log -1 --format=%h -- sim models app tests/worlds 2>/dev/null || true)
result=0
"$program" "1..$worlds" --family transfers --jobs "$jobs" --out build/transfers >build/transfers/worlds.txt || result=1
"$program" "1..2000" --family transfers --mutations >build/transfers/mutations.txt || result=1
cat build/transfers/worlds.txt build/transfers/mutations.txt
[[ -n $page ]] || exit "$result"

{
  cat <<'TEXT'
# Exactly once, under random faults

Made by `make transfers`; do not edit. A world is a small Kafka cluster (4.0 or 4.1, transaction version 2, markers judged by KIP-1228) with a bank: one to three
applications that move money between accounts, each transfer one transaction of two records that together move nothing; some
are aborted by the application itself. An auditor reads `read_committed` from the beginning. In some worlds a pipeline of one or
two instances passes every record on to a second topic, exactly once. Faults are those of the family `inside` of
[worlds.md](worlds.md), within the fault budget: kills, crash loops, power losses, pauses, frozen hosts, partitions of every shape,
delays, slow and hanging disks, of brokers and controllers; and the bank's and the pipeline's own processes die or stand still,
coordinators are killed, and in half of the worlds what clients send within a moment comes seconds later, when they have
long asked again over other connections.

Asked of every world: the sum over all that counts is 0, for who reads the logs at the end and for the auditor; nobody was given a
record of an open or aborted transaction (S27); every transaction is whole and as its client was told, and a pipeline made one record from each (S28);
nothing of an older epoch is appended (S29); nothing hangs (L8); and every other law and the nine invariants. Every tenth world is run twice
and must give the same fingerprint. A failure is shrunk and written to build/transfers.

TEXT
  echo "## Result of $(date -u +%Y-%m-%d)"
  echo
  [[ -z $commit ]] || printf 'All worlds by one program, of commit %s.\n\n' "$commit"
  echo '```'
  grep -v '^cold states' build/transfers/worlds.txt
  echo '```'
  cat <<'TEXT'

## With one safeguard switched off

Worlds 1, 2, 3 ... until one of them fails, and what failed. Names are planted bugs (`rules.planted`), but for the last three, which
are rules of Kafka: without KIP-890's epochs an end that comes late ends the next transaction (KAFKA-17754); without
verification a late batch opens a transaction that nobody ends; without KIP-1228, as 4.0 and 4.1 are, a marker that comes late
ends the next transaction (KAFKA-19446).

| safeguard | family | worlds | seen by |
|---|---|---|---|
TEXT
  cat build/transfers/mutations.txt
  cat <<'TEXT'

## What the search has found

Worlds that failed while this was made, all understood; each passes now, or shows what a release really does.

| world | seen by | what it was |
|---|---|---|
| 632 | S28 | the partition that a pipeline writes to had lost its leader for good; the check took what has no marker yet for lost |
| 1385, 5920 | books | likewise for the auditor, who cannot read what has no leader (KAFKA-19522, 4.0) |
| 1792 | S28 | KAFKA-19446: a marker that comes late ends the next transaction; 4.0 and 4.1 are so, KIP-1228 (4.2) is the cure, and these worlds have it now. A pair of scenarios shows both: [kafka-19446-late-marker.json](../scenarios/planted/kafka-19446-late-marker.json), [kip-1228-late-marker-refused.json](../scenarios/incidents/kip-1228-late-marker-refused.json) |
| 2955, 4092, 6862, 6963 | S1 | outside the budget: the log of the transaction coordinators had lost records (without ELR, or beyond its contract), epochs were given out again, and partitions took new batches for repetitions of old ones |
| 3201 | liveness | the model let a fetch of a follower's earlier life, late out of a cut network, overwrite what its present life had said; Kafka refuses it, and so does the model now |
| 4489 | L8 | nobody can write a marker to a partition without leader |
| 7250 | liveness | outside the budget: the coordinator's log had lost 607 records, so it gave out epochs that partitions had seen long ago; each transaction that they refuse raises the epoch by one, and 16 s later it was where it had been |
| 7305 | S28 | the pipeline took records again after PRODUCER_FENCED, although the transaction was committed: the coordinator had fenced it in its memory only, and the next one completed it. It goes on at the committed offsets now: [pipeline-fenced-after-its-commit.json](../scenarios/incidents/pipeline-fenced-after-its-commit.json) |
TEXT
} >"$page"
exit "$result"
