"""What runs, judges and reports pass on: typed rows, facts and answers, and their JSON."""
