#!/usr/bin/env bash
# Makes the virtual environment given as its argument, with this project and all its packages.
#
# A stamp in it remembers what it was made from: while pyproject.toml, constraints.txt and the folder stay the same,
# another run ends at once and needs no network.
set -euo pipefail

venv=${1:?usage: environment.sh VENV}
here=$(cd "$(dirname "$0")" && pwd)
project=$(cd "$here/../.." && pwd)
stamp=$venv/mall-set-up

made_from() { { echo "$project"; cat "$project/pyproject.toml" "$project/constraints.txt"; } | sha256sum | cut -d' ' -f1; }

if [ -x "$venv/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$(made_from)" ]; then
    exit
fi
python=$("$here/find_python.sh")
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "set-up: $python cannot make virtual environments (its venv or ensurepip is missing); choose another with PYTHON=..." >&2
    exit 1
fi
mkdir -p "$(dirname "$venv")"
if command -v flock >/dev/null; then # two set-ups at once would spoil each other
    exec 9>"$venv.lock"
    flock 9
    trap 'rm -f "$venv.lock"' EXIT
    [ "$(cat "$stamp" 2>/dev/null)" = "$(made_from)" ] && exit
fi
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
echo "set-up: installing the Python packages into $venv (about 7 GB; some minutes the first time)" >&2
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable "$project[dev]" \
    --constraint "$project/constraints.txt" >&2
made_from >"$stamp"
