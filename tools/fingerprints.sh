# shellcheck shell=bash
# Sourced by check_repeat.sh and gate.sh: what is shipped, and the fingerprint of one run.

# Prints every shipped scenario file, one a line.
shipped_scenarios() {
  find scenarios -name schema -prune -o -type f -name '*.json' -print | sort
}

# fingerprint_of PROGRAM FILE: prints the 16 hex digits, or ERROR(...) if the run gave none.
# Exit codes 0, 1 and 3 are verdicts about the modelled system; 2, 70 and signals are ours (DESIGN: exit codes).
fingerprint_of() {
  local output code=0 fingerprint
  output=$("$1" run "$2" --json 2>/dev/null) || code=$?
  fingerprint=$(sed -n 's/.*"fingerprint" *: *"\([0-9a-f]\{16\}\)".*/\1/p' <<<"$output" | head -n 1)
  if [[ $code -ne 0 && $code -ne 1 && $code -ne 3 ]]; then
    echo "ERROR(exit $code)"
  elif [[ -z "$fingerprint" ]]; then
    echo "ERROR(no fingerprint)"
  else
    echo "$fingerprint"
  fi
}

# all_fingerprints PROGRAM JOBS: prints "FILE FINGERPRINT" for every shipped scenario, JOBS at a time.
all_fingerprints() {
  export -f fingerprint_of
  # shellcheck disable=SC2016  # expanded by the inner shell
  shipped_scenarios | xargs -P "$2" -I{} bash -c 'printf "%s %s\n" "$2" "$(fingerprint_of "$1" "$2")"' _ "$1" {} | sort
}
