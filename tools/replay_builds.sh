#!/usr/bin/env bash
# replay_builds.sh REFERENCE [OTHER...]: what tapes of one program say on others.
#
# REFERENCE records tapes of runs that fail, lose and pass. On every OTHER program of the same sources (another compiler,
# other flags) each must replay bit for bit: "identical". Then the sources are really changed, in a worktree of their own
# (build/replay), and the changed program must answer as docs/exploring.md says:
#   slower   heartbeats come 1 ms earlier        same failure, and where the runs part
#   mended   the planted bug's place is mended   passes; other failure where the scenario's expectations ask for the bug
#   renamed  the planted bug has another name    no scenario
# CHANGES=DIR takes the changed programs DIR/slower, DIR/mended, DIR/renamed as they are; CHANGES=none leaves them out.
set -euo pipefail
cd "$(dirname "$0")/.."
reference=$(realpath "$1")
shift
jobs=${JOBS:-$(nproc)}
work=build/replay
rm -rf "$work/tapes" && mkdir -p "$work/tapes"
failures=0

record() { # NAME SCENARIO ARGUMENTS...: a tape of the run
  local name=$1 code=0
  shift
  "$reference" run "$@" --tape "$work/tapes/$name.json" --json >/dev/null 2>&1 || code=$?
  [[ $code -le 3 && -s $work/tapes/$name.json ]] || { echo "error: no tape of $name (exit code $code)" >&2; exit 1; }
}
record planted scenarios/incidents/leader-kill.json --set '/systems/kafka/rules/planted=["ack_before_replication"]'
record expected scenarios/planted/ack-before-replication.json # its own expectations ask for the failure
record loses scenarios/quickstart/first-steps.json --set /workloads/0/config/acks=1 --set '/faults/0/kind="power_loss"'
record passes scenarios/incidents/leader-kill.json

answer() { # PROGRAM TAPE EXIT_CODE WORDS: what it must say
  local said code=0
  said=$("$1" replay "$work/tapes/$2.json" 2>&1) || code=$?
  if [[ $code -eq $3 ]] && grep -q "$4" <<<"$said"; then
    echo "$(basename "$(dirname "$1")")/$(basename "$1"), $2: $(grep -m1 "$4" <<<"$said") (exit code $code)"
  else
    echo "FAILED: $1 on $2: exit code $code instead of $3, or not \"$4\":" && echo "$said" | head -5
    failures=$((failures + 1))
  fi
}

for program in "$reference" "$@"; do
  for tape in planted expected loses passes; do answer "$program" "$tape" 0 identical; done
done

change() { # NAME FILE SED: the program with that change
  local name=$1 file=$2 edit=$3 tree=$work/tree
  if [[ ! -d $tree ]]; then
    git worktree prune
    git worktree add --quiet --detach "$tree" HEAD
    CCACHE_BASEDIR=$(realpath "$tree") cmake -S "$tree" -B "$tree/build/out" -G Ninja -DCMAKE_BUILD_TYPE=Release \
      -DBROKERSIM_PYTHON=OFF -DBROKERSIM_BENCH=OFF >/dev/null
  fi
  git -C "$tree" checkout --quiet --detach "$(git rev-parse HEAD)" && git -C "$tree" checkout --quiet .
  sed -i "$edit" "$tree/$file"
  if git -C "$tree" diff --quiet; then echo "error: $name changes nothing in $file" >&2; exit 1; fi
  CCACHE_BASEDIR=$(realpath "$tree") cmake --build "$tree/build/out" --target brokersim -j "$jobs" >"$work/$name.log"
  cp "$tree/build/out/brokersim" "$work/$name"
}

changes=${CHANGES:-$work}
[[ $changes == none ]] || {
  if [[ $changes == "$work" ]]; then
    change slower models/kafka/broker/broker_service.cpp \
      's/sim::Duration wait = cluster_.config.broker_heartbeat_interval;/sim::Duration wait = cluster_.config.broker_heartbeat_interval - sim::Duration{1'"'"'000'"'"'000};/'
    change mended models/kafka/broker/produce_path.cpp 's/ || cluster_.config.planted.ack_before_replication//'
    change renamed app/scenario/planted_bugs.cpp 's/"ack_before_replication"/"acknowledges_early"/'
  fi
  answer "$changes/slower" planted 0 'same failure'
  answer "$changes/slower" planted 0 'diverged at event'
  answer "$changes/slower" passes 0 'no failure, as before'
  answer "$changes/slower" passes 0 'diverged at event'
  answer "$changes/mended" planted 3 passes
  answer "$changes/mended" expected 1 'other failure'
  answer "$changes/mended" passes 0 identical
  answer "$changes/renamed" planted 2 'no scenario'
}
[[ $failures -eq 0 ]] || { echo "replay_builds: $failures answers are wrong" >&2; exit 1; }
echo "replay_builds: every answer is as it should be"
