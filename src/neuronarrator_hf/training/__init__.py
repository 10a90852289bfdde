"""Training stages and the one training loop."""
