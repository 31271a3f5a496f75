"""Verifies a rewrite: builds, compares and runs both images, and derives constraints for the next plan."""
