"""The compiled training loop."""
