"""More data or more network: learning curves with their crossover, and grids of sizes."""
