"""The proof of a rewrite: both images built, compared and run, and what follows for the next plan."""
