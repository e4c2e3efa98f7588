"""Raw rows to arrays, and the same steps as Keras layers."""
