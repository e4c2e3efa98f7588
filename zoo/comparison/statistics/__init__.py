"""Formulas over scores: metrics, intervals, ranks, laws. They know arrays, nothing of models or runs."""
