"""What runs, judges and reports pass on: typed rows and answers, and their JSON."""
