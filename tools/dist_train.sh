#!/usr/bin/env bash
# Trains on several GPUs (or CPU processes) of one machine or more.
# usage: tools/dist_train.sh CONFIG GPUS [arguments of tools/train.py]
# More machines: set NNODES, NODE_RANK, MASTER_ADDR and MASTER_PORT on each.
set -euo pipefail
config=${1:?usage: tools/dist_train.sh CONFIG GPUS [ARGUMENTS]}
gpus=${2:?usage: tools/dist_train.sh CONFIG GPUS [ARGUMENTS]}
exec "${PYTHON:-python}" -m torch.distributed.run \
  --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" --nproc_per_node="$gpus" \
  --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${MASTER_PORT:-29500}" \
  "$(dirname "$0")/train.py" "$config" --launcher pytorch "${@:3}"
