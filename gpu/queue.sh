#!/usr/bin/env bash
# Everything that waits for a GPU, in one run of at most 25 minutes:
#   gpu/queue.sh [all|tests|benchmarks|train] [PRESET]
# Needs torch, transformers, accelerate, peft, numpy, scipy, safetensors, tokenizers, pyyaml, tqdm, wrapt and, for the
# tests, pytest; neither mne nor datasets nor a network. Run it again after a cut: training continues from the last
# checkpoint under RUNS. Results are copied to OUT. EXTRA holds further arguments of every stage, such as
# EXTRA="--max-steps 2 --set data.cache_recordings=8" for a rehearsal.
set -uo pipefail
cd "$(dirname "$0")/.."

PART=${1:-all}
PRESET=${2:-small}
PYTHON=${PYTHON:-python3}
RUNS=${RUNS:-runs/gpu_$PRESET}
OUT=${OUT:-$RUNS/out}
LANGUAGE_MINUTES=${LANGUAGE_MINUTES:-2}
ALIGN_MINUTES=${ALIGN_MINUTES:-9}
NARRATE_MINUTES=${NARRATE_MINUTES:-6}
read -r -a EXTRA <<<"${EXTRA:-}"
export PYTHONPATH="$PWD/src${PYTHONPATH:+:$PYTHONPATH}" TOKENIZERS_PARALLELISM=false HF_HUB_OFFLINE=1
mkdir -p "$OUT"
failed=0

say() { echo "== $(date +%H:%M:%S) $*"; }
step() { # step MINUTES NAME COMMAND...: a step that fails or overruns does not stop the next
    local minutes=$1 name=$2
    shift 2
    say "$name"
    timeout --signal=INT --kill-after=20 "$((minutes * 60))" "$@" 2>&1 | tee "$OUT/$name.log"
    local status=${PIPESTATUS[0]}
    if [ "$status" -ne 0 ]; then
        say "$name ended with $status"
        failed=1
    fi
}

stage() { # stage NAME MINUTES [ARGUMENTS...]: the minutes are the training's own; making data and scoring come on top
    local name=$1 minutes=$2
    shift 2
    step "$((minutes + 3))" "train_$name" "$PYTHON" -m neuronarrator_hf.training "$name" --config "$PRESET" \
        --runs "$RUNS" --max-minutes "$minutes" --resume "$@" ${EXTRA[@]+"${EXTRA[@]}"}
}

"$PYTHON" -c 'import torch; print(torch.__version__, torch.cuda.get_device_name() if torch.cuda.is_available() else "NO GPU")' \
    | tee "$OUT/machine.txt"

if [ "$PART" = all ] || [ "$PART" = tests ]; then
    if "$PYTHON" -c 'import pytest' 2>/dev/null; then
        # Without the project's own settings, which ask for plugins.
        step 3 tests "$PYTHON" -m pytest -q -c /dev/null --rootdir . -p no:cacheprovider -m gpu tests/models
    else
        say "pytest is not installed: tests left out"
    fi
fi
if [ "$PART" = all ] || [ "$PART" = benchmarks ]; then
    for benchmark in benchmarks/gpu_*.py; do
        step 2 "$(basename "$benchmark" .py)" "$PYTHON" "$benchmark"
    done
fi
if [ "$PART" = all ] || [ "$PART" = train ]; then
    stage language "$LANGUAGE_MINUTES"
    stage align "$ALIGN_MINUTES"
    stage narrate "$NARRATE_MINUTES" --out "$OUT/model"
fi
for name in language align narrate; do
    [ -e "$RUNS/$name/log.jsonl" ] && cp "$RUNS/$name/log.jsonl" "$OUT/$name.jsonl"
done
say "done, results in $OUT"
exit "$failed"
