from .search import TRIALS, Trial, Tuned, chosen, fits_over_one
from .space import check_space, draw, in_words

__all__ = ["TRIALS", "Trial", "Tuned", "check_space", "chosen", "draw", "fits_over_one", "in_words"]
