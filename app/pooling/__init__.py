"""What only the pages on pooling use."""
