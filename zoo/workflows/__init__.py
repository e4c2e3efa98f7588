"""One public file a verb, named as the command of the same name: the Python API."""
