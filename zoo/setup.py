"""What a comparison is asked to do: the one list of its options."""
