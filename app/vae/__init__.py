"""What only the pages on autoencoders use."""
