#!/usr/bin/env bash
# Trains on a slurm cluster.
# usage: [GPUS=8] [GPUS_PER_NODE=8] [CPUS_PER_TASK=5] [SRUN_ARGS='...'] \
#          tools/slurm_train.sh PARTITION JOB_NAME CONFIG [arguments of tools/train.py]
set -euo pipefail
partition=${1:?usage: tools/slurm_train.sh PARTITION JOB_NAME CONFIG [ARGUMENTS]}
job=${2:?usage: tools/slurm_train.sh PARTITION JOB_NAME CONFIG [ARGUMENTS]}
config=${3:?usage: tools/slurm_train.sh PARTITION JOB_NAME CONFIG [ARGUMENTS]}
gpus=${GPUS:-8}
gpus_per_node=${GPUS_PER_NODE:-$((gpus < 8 ? gpus : 8))}
# SRUN_ARGS is a list of words on purpose.
# shellcheck disable=SC2086
exec srun --partition="$partition" --job-name="$job" --gres="gpu:$gpus_per_node" \
  --ntasks="$gpus" --ntasks-per-node="$gpus_per_node" --cpus-per-task="${CPUS_PER_TASK:-5}" \
  --kill-on-bad-exit=1 ${SRUN_ARGS:-} \
  "${PYTHON:-python}" -u "$(dirname "$0")/train.py" "$config" --launcher slurm "${@:4}"
