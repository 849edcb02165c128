"""What only the pages on optimizers use."""
