"""The error for an invalid backend."""


class BackendConfigError(ValueError):
    """A field of a `BackendConfig` or of its `HealthCheckConfig` is invalid.

    Attributes:
        field: The field's name.
        shown: Its value as text, empty if the value is long or secret.
        rule: The rule that the value violates.
    """

    def __init__(self, field: str, shown: str, rule: str) -> None:
        super().__init__(f"{field} = {shown}: {rule}" if shown else f"{field}: {rule}")
        self.field = field
        self.shown = shown
        self.rule = rule
