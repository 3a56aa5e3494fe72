NAME = 1
NAME / 0  # the line that a traceback shows
