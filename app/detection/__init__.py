"""What only the pages on detection use."""
