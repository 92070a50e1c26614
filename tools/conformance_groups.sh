#!/usr/bin/env bash
# Compares our assignors and hashes with Kafka's own classes: conformance_groups.sh TEST_KAFKA [CASES [SEED]]
# The jars come from the Java registry by Maven (tools/conformance/pom.xml).
set -euo pipefail
cd "$(dirname "$0")/.."
program=$1
cases=${2:-3000}
seed=${3:-$RANDOM}
work=build/conformance
mkdir -p "$work/classes"
[ -n "$(ls "$work/lib" 2>/dev/null)" ] || mvn -q -B -f tools/conformance/pom.xml dependency:copy-dependencies \
  -DoutputDirectory="$PWD/$work/lib"
javac -cp "$work/lib/*" -d "$work/classes" tools/conformance/GroupVectors.java
java -cp "$work/classes:$work/lib/*" org.apache.kafka.clients.consumer.GroupVectors "$seed" "$cases" \
  >"$work/group-vectors.txt" 2>/dev/null
echo "seed $seed: $(grep -c '^case' "$work/group-vectors.txt") assignments, $(grep -c '^hash' "$work/group-vectors.txt") hashes"
BROKERSIM_GROUP_VECTORS=$work/group-vectors.txt "$program" --gtest_brief=1 --gtest_filter='AssignorVectors.*'
