NAME = "wares"
