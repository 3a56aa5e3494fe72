# Each example's own tests belong to a process of their own, in its folder: tests/ runs them there.
collect_ignore_glob = ["*/test_*.py"]
