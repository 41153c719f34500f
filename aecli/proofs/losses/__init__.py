"""Proofs of aecli/losses, a file for each file there that has some."""
