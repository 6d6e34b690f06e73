# tools/dist_train.sh configs/examples/upernet_lkca-b_ade20k_20k_fsdp.py GPUS
_base_ = ['../upernet_lkca-b_ade20k_20k.py', '../_base_/strategies/fsdp.py']
