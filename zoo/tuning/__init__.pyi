from .search import TRIALS, SearchPace, Trial, Tuned, chosen, fits_over_one, watched_search
from .space import changed_space, check_space, draw, in_words

__all__ = [
    "TRIALS",
    "SearchPace",
    "Trial",
    "Tuned",
    "changed_space",
    "check_space",
    "chosen",
    "draw",
    "fits_over_one",
    "in_words",
    "watched_search",
]
