#!/usr/bin/env bash
# Scores a checkpoint on several GPUs (or CPU processes) of one machine or more.
# usage: tools/dist_test.sh CONFIG CKPT GPUS [arguments of tools/test.py]
# More machines: set NNODES, NODE_RANK, MASTER_ADDR and MASTER_PORT on each.
set -euo pipefail
config=${1:?usage: tools/dist_test.sh CONFIG CKPT GPUS [ARGUMENTS]}
checkpoint=${2:?usage: tools/dist_test.sh CONFIG CKPT GPUS [ARGUMENTS]}
gpus=${3:?usage: tools/dist_test.sh CONFIG CKPT GPUS [ARGUMENTS]}
exec "${PYTHON:-python}" -m torch.distributed.run \
  --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" --nproc_per_node="$gpus" \
  --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${MASTER_PORT:-29500}" \
  "$(dirname "$0")/test.py" "$config" "$checkpoint" --launcher pytorch "${@:4}"
