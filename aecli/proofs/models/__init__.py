"""Proofs of aecli/models, a file for each file there that has some."""
