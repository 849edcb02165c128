"""What only the pages on GANs use."""
