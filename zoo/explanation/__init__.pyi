from .column_effects import coefficients, dependence
from .gradients import attributed, integrated_gradients
from .importance import associations, column_groups, permutation_importance, rank_agreement
from .networks import open_network
from .occlusion import occlusion
from .surrogate_models import LEAVES, TERMS, Answers, surrogates
from .units import probes, trace, unit_roles

__all__ = [
    "LEAVES",
    "TERMS",
    "Answers",
    "associations",
    "attributed",
    "coefficients",
    "column_groups",
    "dependence",
    "integrated_gradients",
    "occlusion",
    "open_network",
    "permutation_importance",
    "probes",
    "rank_agreement",
    "surrogates",
    "trace",
    "unit_roles",
]
