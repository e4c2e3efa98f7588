"""Metrics: one public file each, underscore files are machinery."""
