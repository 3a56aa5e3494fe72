"""One module per WIT interface: its functions and resources, on plain Python values.

A module defines the resources and functions of its interface under the names of the generated
bindings; what an interface has and its module lacks fails with `unsupported`.
"""
