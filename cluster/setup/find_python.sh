#!/usr/bin/env bash
# Prints the Python to use, 3.11 or newer: PYTHON if it is set, else the first that will do. Exits 1 if there is none.
set -euo pipefail

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

for python in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
    if is_new_enough "$python"; then
        command -v "$python"
        exit
    fi
done
if [ -n "${PYTHON:-}" ]; then
    echo "set-up: PYTHON=$PYTHON is not a Python 3.11 or newer" >&2
else
    echo "set-up: no Python 3.11 or newer was found; install one and name it: make PYTHON=/path/to/python3.11 ..." >&2
fi
exit 1
