"""Rewrites English sentences by rule: what training pairs, calibration and the audit are made of."""
