"""Training data: load and validate, transform between formats."""
