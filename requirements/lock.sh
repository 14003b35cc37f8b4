#!/usr/bin/env bash
# Writes the lock files anew from pyproject.toml (`make lock`). torch is left out: its wheel differs from
# machine to machine (CPU, CUDA), so no single hash is right; requirements/torch.txt pins its version and
# brings the CUDA libraries where they are wanted.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-.venv/bin/uv}

cuda=()
for package in torch triton cuda-{bindings,pathfinder,toolkit} \
  nvidia-{cublas,cuda-cupti,cuda-nvrtc,cuda-runtime,cudnn-cu13,cufft,cufile,curand,cusolver,cusparse} \
  nvidia-{cusparselt-cu13,nccl-cu13,nvjitlink,nvshmem-cu13,nvtx}; do
  cuda+=(--no-emit-package "$package")
done

platform=(--universal)
compile() {  # compile OUTPUT [uv options…]
  local out=$1; shift
  "$uv" pip compile pyproject.toml --quiet --python-version 3.11 --generate-hashes \
    "${platform[@]}" "${cuda[@]}" --no-annotate --custom-compile-command "make lock" "$@" -o "requirements/$out"
}
compile dev.txt --extra reward --extra trainer --extra dev
# The images install parts of what dev.txt pins, never other versions.
compile reward.txt --extra reward -c requirements/dev.txt
compile trainer.txt --extra trainer -c requirements/dev.txt
# The GPU stacks stand on their own: vLLM wants another fastapi than the reward server has.  Their CUDA libraries
# are more than torch brings, so they stay in.
cuda=(--no-emit-package torch)
platform=(--python-platform x86_64-manylinux_2_28)
compile trainer-gpu.txt --extra trainer-gpu
# What both stacks hold has one version.
compile trainer-plain-gpu.txt --extra trainer-plain-gpu -c requirements/trainer-gpu.txt
