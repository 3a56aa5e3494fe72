"""One module per WIT interface: what each function does, on plain Python values.

A module holds the resources and functions of its interface under the names that the generated
bindings give them; what an interface has and its module has not answers `unsupported`.
"""
