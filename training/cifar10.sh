#!/bin/sh
# CIFAR-10 from its files to a served model with its bits/dim: what a GPU is wanted for.
#
#   DATA=cifar10 MINUTES=2880 sh training/cifar10.sh
#
# DATA     the folder of CIFAR-10's binary files
# MINUTES  of training the score network; a tenth of it more for the classifier
# SIZE     of the network, training/unet.py (small: the largest that ships in 16 MiB)
# PROCESS  vp or subvp; OBJECTIVE  likelihood for bits/dim, edm for samples
# RUNS     where runs are kept; begun again, the script goes on where it stopped
#
# PYTHON   with training/requirements.txt installed; COUNT  pictures of the test split
#
# Leaves models/cifar10, $RUNS/bits.ndjson and $RUNS/samples-*.png, and prints the test
# split's bits/dim. The paper's best is 2.99, by a far larger network and budget.
set -eu
cd "$(dirname "$0")/.."
: "${DATA:?the folder of CIFAR-10\'s binary files}"
: "${MINUTES:=2880}" "${SIZE:=small}" "${PROCESS:=subvp}" "${OBJECTIVE:=likelihood}"
: "${RUNS:=runs/cifar10}" "${PYTHON:=python}" "${COUNT:=200}" "${BATCH:=128}"
common="--pictures cifar10 --data $DATA --process $PROCESS --batch $BATCH"

"$PYTHON" training/train.py $common --objective "$OBJECTIVE" --size "$SIZE" --lr 2e-4 \
  --warmup 5000 --ema 5000 --minutes "$MINUTES" --out "$RUNS/score"
"$PYTHON" training/classifier.py $common --size small --lr 5e-4 --minutes "$((MINUTES / 10 + 1))" \
  --out "$RUNS/classifier"
"$PYTHON" training/export.py --score "$RUNS/score" --classifier "$RUNS/classifier" \
  --weights float16 --out models/cifar10
"$PYTHON" training/held_out.py --pictures cifar10 --data "$DATA" --count "$COUNT" \
  --out "$RUNS/held-out"

npm run build
node dist/clients/cli/main.js serve --grpc-port 50151 --http-port 0 --models models &
server=$!
trap 'kill $server' EXIT
until node dist/clients/cli/main.js models --server 127.0.0.1:50151 >"$RUNS/models.txt"; do sleep 2; done
node dist/clients/cli/main.js likelihood --server 127.0.0.1:50151 --model cifar10 --seed 1 --json \
  "$RUNS"/held-out/*.png >"$RUNS/bits.ndjson"
node dist/clients/cli/main.js sample --server 127.0.0.1:50151 --model cifar10 --seed 1 --count 64 \
  --force --out "$RUNS/samples-{row}.png"
"$PYTHON" training/evaluation.py --model models/cifar10 --bits "$RUNS/bits.ndjson" \
  --of "CIFAR-10's test split (training/held_out.py)"
