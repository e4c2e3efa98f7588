"""scikit-learn pipelines: one public file each, underscore files are machinery."""
