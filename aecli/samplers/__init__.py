"""Samplers: densities fitted to codes after the training, from which new codes are drawn."""
