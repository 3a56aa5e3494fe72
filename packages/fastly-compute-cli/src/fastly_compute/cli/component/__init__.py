"""Making a component of an app: componentize-py, then passes that make it start faster."""
