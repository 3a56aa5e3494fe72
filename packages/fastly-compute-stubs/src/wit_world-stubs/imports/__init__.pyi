# Generated from the WIT by `hatch run stubs:generate`; do not edit.

