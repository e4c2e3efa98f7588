"""What is shown: from results only, never from estimators."""
