"""Studies: models at several strengths and seeds, and what their scores tell of each other."""
