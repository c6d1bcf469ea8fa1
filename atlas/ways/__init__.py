"""Ways through a network, told in plain Python: a question to a kept network loads nothing else."""
