"""Proofs of aecli/latents, a file for each file there that has some."""
