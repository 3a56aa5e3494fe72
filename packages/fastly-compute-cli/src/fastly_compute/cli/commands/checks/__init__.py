"""What `doctor` checks, one module for each subject."""
