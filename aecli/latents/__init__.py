"""Posteriors and priors over codes: settings that make layers."""

from aecli.latents import posteriors as posteriors
from aecli.latents import priors as priors
