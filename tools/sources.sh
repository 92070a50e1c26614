#!/usr/bin/env bash
# Prints the C++ sources that the formatter owns, one a line.
set -euo pipefail
cd "$(dirname "$0")/.."
find sim models app python bench tests -path tests/lint/fixtures -prune -o \
  -type f \( -name '*.cpp' -o -name '*.h' \) -print 2>/dev/null | sort
