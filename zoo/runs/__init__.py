"""From a setup to result rows: plan, worker processes, costs, the store. Knows no verdict."""
