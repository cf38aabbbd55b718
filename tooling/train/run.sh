#!/bin/sh
# Sets what PyTorch needs to be fast on one CPU thread, then runs the given Python program at low priority:
#   ./run.sh train.py RUN --init ../../packages/tiny-model/model
# glibc must keep freed blocks (otherwise every step maps and unmaps its temporaries again).
export MALLOC_MMAP_THRESHOLD_=4294967296 MALLOC_TRIM_THRESHOLD_=17179869184
export MALLOC_TOP_PAD_=268435456 MALLOC_MMAP_MAX_=0
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1
exec nice -n 10 "${PYTHON:-/usr/bin/python3}" "$@"
