"""What only the pages on convolution use."""
