#!/usr/bin/env bash
# Everything that waits for a GPU:
#   gpu/queue.sh [all|tests|benchmarks|train|tables] [PRESET]
# The three stages of `train` take their minutes, 17 by default, and what making data and scoring add; `tables` goes
# by steps alone.
# Needs torch, transformers, accelerate, peft, numpy, scipy, safetensors, tokenizers, pyyaml, tqdm, wrapt,
# array-api-compat, for the tests pytest and for the tables sacrebleu and rouge-score; neither mne nor datasets
# nor a network. Run it again after a cut: training continues from the last checkpoint under RUNS. Results are
# copied to OUT. EXTRA holds further arguments of every stage, such as
# EXTRA="--max-steps 2 --set data.cache_recordings=8" for a rehearsal; TABLES_EXTRA those of the ablation.
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
LANGUAGE_STEPS=${LANGUAGE_STEPS:-600}
ALIGN_STEPS=${ALIGN_STEPS:-1200}
NARRATE_STEPS=${NARRATE_STEPS:-800}
HISTORY_STEPS=${HISTORY_STEPS:-3000}
read -r -a EXTRA <<<"${EXTRA:-}"
read -r -a TABLES_EXTRA <<<"${TABLES_EXTRA:-}"
export PYTHONPATH="$PWD/src${PYTHONPATH:+:$PYTHONPATH}" TOKENIZERS_PARALLELISM=false HF_HUB_OFFLINE=1
mkdir -p "$OUT"
ulimit -n "$(ulimit -Hn)"  # every tensor that a worker hands over holds a file open
failed=0

say() { echo "== $(date +%H:%M:%S) $*"; }
step() { # step MINUTES NAME COMMAND...: a step that fails or overruns does not stop the next
    local minutes=$1 name=$2
    shift 2
    say "$name"
    timeout --signal=INT --kill-after=20 "${minutes}m" "$@" 2>&1 | tee "$OUT/$name.log"
    local status=${PIPESTATUS[0]}
    if [ "$status" -ne 0 ]; then
        say "$name ended with $status"
        failed=1
    fi
}

stage() { # stage NAME MINUTES [ARGUMENTS...]: the minutes are the training's own; making data and scoring come on top
    local name=$1 minutes=$2
    shift 2
    step "$(awk "BEGIN { print $minutes + 3 }")" "train_$name" "$PYTHON" -m neuronarrator_hf.training "$name" --config "$PRESET" \
        --runs "$RUNS" --max-minutes "$minutes" --resume ${EXTRA[@]+"${EXTRA[@]}"} "$@"
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
    # The wording needs no signal: it is learned while the recordings of the later stages are simulated.
    say "recordings, in the background"
    "$PYTHON" -m neuronarrator_hf.training recordings --config "$PRESET" ${EXTRA[@]+"${EXTRA[@]}"} \
        >"$OUT/recordings.log" 2>&1 &
    recordings=$!
    stage language "$LANGUAGE_MINUTES" --set data.cache_dir=null
    wait "$recordings" || { say "the recordings failed:"; tail -3 "$OUT/recordings.log"; failed=1; }
    stage align "$ALIGN_MINUTES"
    stage narrate "$NARRATE_MINUTES" --out "$OUT/model"
fi
arm() { "$PYTHON" -m benchmarks.ablation --runs "$RUNS/ablation" --config tiny "${TABLES[@]}" --arms "$@"; }
if [ "$PART" = all ] || [ "$PART" = tables ]; then
    # Arms share the stages before theirs: the whole method goes first, the others side by side.
    TABLES=(--set "data.cache_dir=$RUNS/ablation_recordings" --set data.cache_processes=14 --set data.num_workers=2
        --set "stages.language.max_steps=$LANGUAGE_STEPS" --set "stages.align.max_steps=$ALIGN_STEPS"
        --set "stages.narrate.max_steps=$NARRATE_STEPS" --set stages.language.max_minutes=null
        --set stages.align.max_minutes=null --set stages.narrate.max_minutes=null
        ${TABLES_EXTRA[@]+"${TABLES_EXTRA[@]}"})
    say "tables"
    "$PYTHON" -m benchmarks.history --steps "$HISTORY_STEPS" --pool "${HISTORY_POOL:-1200}" --model "${HISTORY_MODEL:-hub/model}" \
        --out "$OUT/history.json" >"$OUT/history.log" 2>&1 &
    tables=($!)
    arm --shared >"$OUT/ablation_0.log" 2>&1
    n=0
    for name in "whole method" "without maps" "without spectra" "without stage align"; do
        n=$((n + 1))
        arm "$name" >"$OUT/ablation_$n.log" 2>&1 &
        tables+=($!)
    done
    until [ -e "$RUNS/ablation/align/all/align/final/training.json" ] || ! kill -0 "${tables[1]}" 2>/dev/null; do
        sleep 1
    done
    for name in "history: three windows in the prompt" "history: none" "language model frozen" \
        "language model by LoRA (rank 16)"; do
        n=$((n + 1))
        arm "$name" >"$OUT/ablation_$n.log" 2>&1 &
        tables+=($!)
    done
    for job in "${tables[@]}"; do wait "$job" || failed=1; done
    cp "$RUNS/ablation/figures.json" "$OUT/ablation.json"
    tail -n 6 "$OUT/history.log"
    arm | tee "$OUT/ablation.md"
fi
for name in language align narrate; do
    [ -e "$RUNS/$name/log.jsonl" ] && cp "$RUNS/$name/log.jsonl" "$OUT/$name.jsonl"
done
say "done, results in $OUT"
exit "$failed"
