"""Speed and memory of the operator, of whole models and of the training loop."""
