"""What a run tells: every step, samples of its answers, and warnings, to files and to Weights & Biases."""
