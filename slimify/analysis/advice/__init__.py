"""Advice: improvements that slimify reports but does not make."""
