"""Colours that the colour-blind tell apart too."""

OKABE_ITO = (  # Okabe & Ito 2008, Color universal design, in their order
    "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#000000",
)  # fmt: skip
PETROFF = (  # Petroff 2021, arXiv:2107.02270, 10 chosen by simulated colour blindness
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70",
    "#717581", "#92dadd",
)  # fmt: skip
LINES = tuple(OKABE_ITO[i] for i in (4, 5, 2, 0, 6, 1, 7, 3))  # the dark ones first


def of_classes(count: int) -> list[str]:
    """The colours of so many classes; of more than 10, the first 10 again and again."""
    few = OKABE_ITO if count <= len(OKABE_ITO) else PETROFF
    return [few[i % len(few)] for i in range(count)]
