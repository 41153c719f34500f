"""Whether a figure of merit is better when it is higher: told by its name."""

HIGHER = (
    "psnr", "ssim", "accuracy", "likelihood", "elbo", "precision", "recall", "density", "coverage",
    "nmi", "ari", "trustworthiness", "active_units", "auroc", "r2",
    "mig", "sap", "irs", "beta_vae_score", "factor_vae_score", "modularity", "explicitness",
    "disentanglement", "completeness", "informativeness",
    "perplexity", "codes_used", "f1", "exact", "cosine", "recovered", "explained_variance",
)  # fmt: skip
LOWER = ("token_perplexity",)  # that of a codebook is no cost


def is_higher_better(metric: str) -> bool:
    """Of a column of metrics.json or history.csv; what is not known is an error or a loss.

    The parts of an ELBO are not: elbo_kl is a cost.
    """
    words = metric.split("_")
    if metric.removeprefix("val_") in LOWER:
        return False
    return any(name in words or name == metric for name in HIGHER) and words[-1] != "kl"
