"""Stand-in models and helpers that test modules below this folder import."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).with_name("stand_ins")))
