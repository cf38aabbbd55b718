#!/bin/sh
# Checks and measures the CUDA backend on this machine, in less than eight minutes.
#
#   sh run.sh [folder for results, the current one unless given] [names of tests, all unless given]
#
# Ends with 0 where all tests pass, with 3 where CUDA cannot be used, and else with 1. What the benchmark
# finds is in bench.jsonl, a figure a line.
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
results=${1:-.}
mkdir -p "$results"

node=$(command -v node)
if [ -e "$here/node.tar.xz" ]; then
  unpacked=${TMPDIR:-/tmp}/krait-gpu-node
  node=$unpacked/package/bin/node
  if [ ! -x "$node" ]; then
    mkdir -p "$unpacked"
    if command -v xz >/dev/null 2>&1; then xz -dc "$here/node.tar.xz" | tar x -C "$unpacked"
    else python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])' "$here/node.tar.xz" "$unpacked"
    fi || exit 1
  fi
fi

# The driver lies outside of the loader's paths on some machines.
for library in /usr/local/nvidia/lib64 /usr/local/nvidia/lib /usr/lib/x86_64-linux-gnu; do
  if [ -z "$KRAIT_CUDA_LIBRARY" ] && [ -e "$library/libcuda.so.1" ]; then
    KRAIT_CUDA_LIBRARY=$library/libcuda.so.1
    export KRAIT_CUDA_LIBRARY
  fi
done

# Where the driver keeps what it made of PTX: the home folder of some machines cannot be written to.
CUDA_CACHE_PATH=${CUDA_CACHE_PATH:-${TMPDIR:-/tmp}/krait-gpu-cache}
export CUDA_CACHE_PATH

timeout 150 "$node" --test-reporter=spec ${2:+"--test-name-pattern=$2"} "$here/program/correctness.mjs" \
  >"$results/correctness.txt" 2>&1
status=$?
head -1 "$results/correctness.txt"
if [ $status -eq 3 ]; then exit 3; fi
grep -E ' (tests|pass|fail|cancelled|skipped|duration_ms) [0-9.]+$' "$results/correctness.txt"
grep -F '✖' "$results/correctness.txt" | head -40

timeout 300 "$node" "$here/program/bench.mjs" cuda --quick --json >"$results/bench.jsonl" 2>"$results/bench.txt"
echo "bench ended with $?"
cat "$results/bench.txt" "$results/bench.jsonl"
[ $status -eq 0 ] || exit 1
