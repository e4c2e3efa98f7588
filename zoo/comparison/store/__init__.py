"""What a run leaves on disk: one folder a run, a row a planned job, predictions beside it."""
