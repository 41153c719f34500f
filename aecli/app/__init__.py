"""The glue between the command line and Hydra; only commands and cli import it."""
