"""From results of jobs to scores, ties, leaderboard and verdict."""
