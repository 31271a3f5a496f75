"""CI files as text: where the step that builds an image stands."""
