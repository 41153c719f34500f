"""What is said of codes: posteriors, priors, and what is charged for them; settings of a model."""

from aecli.latents import anneal as anneal
from aecli.latents import posteriors as posteriors
from aecli.latents import priors as priors
