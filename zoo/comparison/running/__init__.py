"""Jobs in worker processes, here or on a cluster, with hard limits and measured costs."""
