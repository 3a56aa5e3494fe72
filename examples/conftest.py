# Each example's tests run in a separate process, in its folder: tests/ runs them there.
collect_ignore_glob = ["*/test_*.py"]
