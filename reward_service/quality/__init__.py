"""How good an NLI model is: labelled pairs, metrics, temperature and thresholds.  Pure; knows no model
library."""
