#!/usr/bin/env bash
# Builds llama.cpp for `python -m trainer export`: the converter with its Python parts, llama-quantize, and
# llama-simple, which writes greedy text (the tests compare with it).  Safe to repeat; continues where it broke off.
# Usage: requirements/llamacpp.sh [FOLDER]   PYTHON=… (with pip) chooses the interpreter, JOBS=… how many compile.
#
# Needs a C++17 compiler (Debian: apt-get install g++), pip's package index, and 300 MB.  cmake and ninja come from
# there too, checked by hash like the source itself.  The programs are built for this machine's processor.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-.llama.cpp}
python=${PYTHON:-.venv/bin/python}
jobs=${JOBS:-$(nproc)}
package=$(grep -o '^llama-cpp-python==[0-9.]*' requirements/llamacpp.txt)
version=${package#*==}

fail() { echo "llama.cpp can't be built: $*" >&2; exit 1; }
step() { printf '\n[%s] %s\n' "$1" "$2"; }

command -v "${CXX:-c++}" >/dev/null || fail "there is no C++ compiler (Debian: apt-get install g++), or CXX names none"
"$python" -m pip --version >/dev/null 2>&1 || fail "$python has no pip; run \`make setup\` first, or set PYTHON=…"

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
if [ "$(cat "$folder/.source" 2>/dev/null)" != "$package" ]; then
  [ -z "$(ls -A "$folder" | grep -vx -e '[.]tools' -e '[.]download-.*')" ] || [ -e "$folder/.source" ] ||
    fail "$folder holds something else"
  step 1/3 "the source of llama.cpp, out of $package (77 MB)"
  scratch=$(mktemp -d "$folder/.download-XXXXXX")
  trap 'rm -rf "$scratch"' EXIT
  # pip asks the source package for its metadata in passing; its hash has been checked by then.
  "$python" -m pip --disable-pip-version-check --quiet download --no-deps --no-binary :all: --require-hashes \
    -r requirements/llamacpp.txt -d "$scratch"
  find "$folder" -mindepth 1 -maxdepth 1 ! -name .tools ! -name '.download-*' -exec rm -rf {} +
  tar -xzf "$scratch/llama_cpp_python-$version.tar.gz" -C "$folder" --strip-components=3 \
    --exclude='*/vendor/llama.cpp/'{.git,models,docs,media,benches} "llama_cpp_python-$version/vendor/llama.cpp"
  rm -rf "$scratch"
  echo '*' >"$folder/.gitignore"
  echo "$package" >"$folder/.source"
fi

step 2/3 "cmake and ninja in $folder/.tools"
[ -x "$folder/.tools/bin/python" ] || "$python" -m venv "$folder/.tools"
"$folder/.tools/bin/python" -m pip --disable-pip-version-check --quiet install --require-hashes \
  -r requirements/llamacpp-build.txt

step 3/3 "compiling with $jobs jobs (minutes)"
export PATH="$folder/.tools/bin:$PATH"
cmake -S "$folder" -B "$folder/build" -G Ninja -Wno-dev --log-level=WARNING \
  -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DGGML_NATIVE=ON \
  -DLLAMA_OPENSSL=OFF -DLLAMA_SUBPROCESS=OFF -DLLAMA_USE_PREBUILT_UI=OFF \
  -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_APP=OFF
cmake --build "$folder/build" --parallel "$jobs" --target llama-quantize llama-simple
echo "llama.cpp of $package" >"$folder/TOUCHSTONE_VERSION"
printf '\nllama.cpp is ready in %s (%s)\n' "$folder" "$(du -sh "$folder" | cut -f1)"
