TIDE = "high tide"
