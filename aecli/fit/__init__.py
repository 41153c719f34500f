"""One training, from the config to the run folder."""
