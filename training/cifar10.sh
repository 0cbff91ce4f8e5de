#!/bin/sh
# CIFAR-10 from its files to a served model with its bits/dim: what a GPU is wanted for.
#
#   DATA=cifar10 MINUTES=2880 sh training/cifar10.sh
#
# DATA     the folder of CIFAR-10's binary files
# RUNS     where runs are kept; begun again, the script goes on where it stopped
# MODEL    the folder that it exports to, the only model in its parent or one of several
# PYTHON   with training/requirements.txt installed
#
# PROCESS    vp, subvp or ve; OBJECTIVE  likelihood for bits/dim, edm for samples
# SIZE       of the network, training/unet.py (small: the largest that ships in 16 MiB)
# MINUTES    of training the score network; CLASSIFIER_MINUTES  the classifier
# BATCH, LR  of the score network; WARMUP, EMA  in steps, as training/train.py has them
# CLASSIFIER_SIZE  training/classifier.py; TEST_ROWS  pictures that its accuracies are of
#
# COUNT      pictures of the test split, a multiple of ten
# TOLERANCE  of the likelihood's solver: at 1e-3 it takes about half of the time
# SAMPLES    on the sheet, a multiple of eight; SAMPLER, STEPS  how they are drawn
#
# Leaves the model, $RUNS/bits.ndjson and $RUNS/samples.png, and prints the test split's
# bits/dim. The paper's best is 2.99, by a far larger network and budget.
set -eu
cd "$(dirname "$0")/.."
: "${DATA:?the folder of CIFAR-10\'s binary files}"
: "${RUNS:=runs/cifar10}" "${MODEL:=models/cifar10}" "${PYTHON:=python}"
: "${PROCESS:=subvp}" "${OBJECTIVE:=likelihood}" "${SIZE:=small}" "${MINUTES:=2880}"
: "${BATCH:=128}" "${LR:=2e-4}" "${WARMUP:=5000}" "${EMA:=5000}"
: "${CLASSIFIER_SIZE:=small}" "${CLASSIFIER_MINUTES:=$((MINUTES / 10 + 1))}" "${TEST_ROWS:=10000}"
: "${COUNT:=200}" "${TOLERANCE:=1e-5}"
: "${SAMPLES:=64}" "${SAMPLER:=dpm-solver++2m-sde}" "${STEPS:=50}"
common="--pictures cifar10 --data $DATA --process $PROCESS"

# First what is wrong at once where DATA or COUNT is.
rm -rf "$RUNS/held-out"
"$PYTHON" training/held_out.py --pictures cifar10 --data "$DATA" --count "$COUNT" \
  --out "$RUNS/held-out"
npm run build

"$PYTHON" training/train.py $common --objective "$OBJECTIVE" --size "$SIZE" --batch "$BATCH" \
  --lr "$LR" --warmup "$WARMUP" --ema "$EMA" --minutes "$MINUTES" --out "$RUNS/score"
"$PYTHON" training/classifier.py $common --size "$CLASSIFIER_SIZE" --lr 5e-4 \
  --minutes "$CLASSIFIER_MINUTES" --test-rows "$TEST_ROWS" --out "$RUNS/classifier"
"$PYTHON" training/export.py --score "$RUNS/score" --classifier "$RUNS/classifier" \
  --weights float16 --out "$MODEL"

: >"$RUNS/server.log" # or the last server's address would be read
node dist/server/main.js --models "$(dirname "$MODEL")" --grpc-port 0 --http-port 0 \
  --log-level warn >"$RUNS/server.log" 2>&1 &
server=$!
trap 'kill $server' EXIT
trap 'exit 1' INT TERM
until address=$(sed -n 's/.*"ready":true,"grpc":"\([^"]*\)".*/\1/p' "$RUNS/server.log") && [ "$address" ]; do
  kill -0 $server 2>/dev/null || { cat "$RUNS/server.log"; exit 1; }
  sleep 1
done
export SCORESTREAM_SERVER="$address"
model=$(basename "$MODEL")
rm -rf "$RUNS/samples"
node dist/clients/cli/main.js sample --model "$model" --seed 1 --count "$SAMPLES" \
  --sampler "$SAMPLER" --steps "$STEPS" --out "$RUNS/samples/{row}.png"
"$PYTHON" training/sheet.py --pictures "$RUNS/samples" --out "$RUNS/samples.png" --columns 8 --zoom 2
node dist/clients/cli/main.js likelihood --model "$model" --seed 1 --tolerance "$TOLERANCE" --json \
  "$RUNS"/held-out/*.png >"$RUNS/bits.ndjson"
"$PYTHON" training/evaluation.py --model "$MODEL" --bits "$RUNS/bits.ndjson" \
  --of "CIFAR-10's test split (training/held_out.py)"
