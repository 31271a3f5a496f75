"""What the files of both images tell, without running anything."""
