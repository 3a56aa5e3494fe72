"""The commands of ``fastly-compute``, one module each, and the command line that runs them."""
