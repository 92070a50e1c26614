#!/usr/bin/env bash
# worlds.sh PROGRAM WORLDS JOBS [PAGE]: random worlds of every family, and how soon they catch each planted bug.
#
# WORLDS worlds inside the fault budget, a quarter as many beyond it, a tenth as many with broken disks. With PAGE the
# result is written there (docs/worlds.md). Exit code 1 if anything failed, stayed cold or was missed.
set -euo pipefail
program=$1
worlds=$2
jobs=$3
page=${4:-}
cd "$(dirname "$0")/.."
mkdir -p build/worlds
result=0
"$program" "1..$worlds" --family inside --jobs "$jobs" --table >build/worlds/inside.txt || result=1
"$program" "1..$((worlds / 4))" --family outside --jobs "$jobs" --table >build/worlds/outside.txt || result=1
"$program" "1..$((worlds / 10))" --family broken_disks --jobs "$jobs" >build/worlds/broken_disks.txt || result=1
"$program" "1..2000" --mutations >build/worlds/mutations.txt || result=1

summary() { grep -v '^|' "build/worlds/$1.txt" | sed '/^$/d'; }
for family in inside outside broken_disks; do summary "$family"; done
cat build/worlds/mutations.txt
[[ -n $page ]] || exit "$result"

{
  cat <<'TEXT'
# Random worlds

Made by `make worlds`; do not edit. What was found so far is told in [worlds-finds.md](worlds-finds.md). A world is a small cluster of 3 to 5 brokers and 1 to 5 controllers (dedicated or
combined), versions 3.9, 4.0 and 4.1, with and without ELR, replication factors 2 to 4, with sessions and lags of a few
seconds, and up to a dozen faults that meet: kills, crash loops, controlled shutdowns, power losses, kernel panics,
pauses, frozen hosts, full, one-way and partial partitions, delays, slow and hanging disks. Some producers
and topics compress, some consumers are members of a group of either protocol, some clusters read from followers or throttle
replication; some topics are compacted, some have retention within seconds; the i3en hosts have two log directories. After the last
fault a world has 22 quiet seconds or more. Each world is judged by every law (S1 to S34, G1, G2) and the nine invariants (INV1 to INV9) after every step; every
tenth is run twice and must give the same fingerprint.

- **inside**: faults within the fault budget (power lost on at most `min.insync.replicas` - 1 brokers, unclean election off). No
  acknowledged loss with acks=all, and at the end: a leader and a whole ISR everywhere, consumers at the end of the log, no
  record without an outcome, and no failure of what was sent 11 s after the last fault (32 s
  in combined mode: `controller.socket.timeout.ms` is 30 s, and a controller that lost power sends no reset).
- **outside**: whole zones without power, unclean elections, full disks. What is promised under no condition must hold.
- **broken_disks**: disks that fail, lie and lose. The program must not fail and the run must repeat.

What is known and not counted as a failure, because Kafka does it too: without any state of a producer a broker takes every
sequence number (KAFKA-14359), so its first records may stand twice or out of order; a leader that has started anew knows only the
last batch of each producer, so that an earlier one that is sent again may stand twice; a commit that a group's member had given
up may be stored after its later ones; a power loss may leave a gap between two segments that nobody looks for, which in a
compacted log ends the fault budget; before 4.1 the last known leader is
looked for among the dead (KAFKA-19522); when unclean restarts, mere kills included, have emptied ISR and ELR, the last known
leader is elected whatever it still holds (KIP-966), which ends the fault budget if a replica had lost its cache.

`build/release/tests/worlds N --family F --print` prints world N, `--trace orders/0` tells its story; `make soak` runs new ones
for hours. Any scenario is checked in the same way with `"invariants": true` or `brokersim run FILE --invariants`.

## The invariants

| id | what must hold after every step |
|---|---|
| INV1 | who takes the lead of a partition holds everything below the true high watermark |
| INV2 | so does every running member of ISR and ELR |
| INV3 | while a leader may commit, its maximal ISR has every member of the controller's ISR and ELR |
| INV4 | two replicas hold the same records below both their high watermarks |
| INV5 | a replica that stopped uncleanly is in no ISR and no ELR until it has caught up |
| INV6 | what acks=all acknowledged is below the true high watermark, and is never lost within the budget |
| INV7 | one leader per partition and epoch, partition epochs grow, nobody fenced is in an ISR of two or more |
| INV8 | consumers are given only what lies below the high watermark of the replica that serves them, without gaps |
| INV9 | the metadata quorum has one leader an epoch; logs match; what is committed never changes |
TEXT
  echo
  echo "## Result of $(date -u +%Y-%m-%d)"
  echo
  echo '```'
  for family in inside outside broken_disks; do summary "$family"; done
  echo '```'
  echo
  echo "## States reached inside the budget"
  echo
  grep '^|' build/worlds/inside.txt
  echo
  echo "Outside the budget: unclean elections (\`elected_unclean\`) in $(sed -n 's/^| `elected_unclean` |[^|]*| *\([0-9]*\) .*/\1/p' build/worlds/outside.txt) of $((worlds / 4)) worlds."
  echo
  echo "## How soon each planted bug is seen"
  echo
  echo "The bugs of [scenarios/planted](../scenarios/planted), one at a time, in worlds 1, 2, 3 ... of the family in which the"
  echo "first failure was found. Without the bug all of these worlds are sound."
  echo
  echo "| bug | family | worlds | seen by |"
  echo "|---|---|---|---|"
  cat build/worlds/mutations.txt
} >"$page"
exit "$result"
