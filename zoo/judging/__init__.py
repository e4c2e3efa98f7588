"""From result rows and criteria to an answer: statistics, ties, champions, the verdict. Knows no job."""
