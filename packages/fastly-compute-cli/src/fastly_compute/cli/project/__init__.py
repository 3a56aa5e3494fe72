"""An app on the disk: its settings, where its modules are, and what earlier builds left."""
