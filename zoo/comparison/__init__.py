"""Plan, jobs, results, statistics, verdict."""
