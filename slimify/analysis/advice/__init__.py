"""What slimify reports and does not change."""
