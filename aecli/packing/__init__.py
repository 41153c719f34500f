"""A run as a folder to be given away: a model card, weights, settings, figures and their sums."""
