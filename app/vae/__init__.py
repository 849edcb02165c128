"""What the pages on autoencoders share: the shipped models, and what is computed from them once for all sessions."""
