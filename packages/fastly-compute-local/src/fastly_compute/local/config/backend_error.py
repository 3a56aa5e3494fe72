"""The error for a backend that cannot be."""


class BackendConfigError(ValueError):
    """A field of a `BackendConfig` or of its `HealthCheckConfig` breaks a rule.

    Attributes:
        field: The field's name.
        shown: Its value as text, empty where the value is long or secret.
        rule: What the value has to be.
    """

    def __init__(self, field: str, shown: str, rule: str) -> None:
        super().__init__(f"{field} = {shown}: {rule}" if shown else f"{field}: {rule}")
        self.field = field
        self.shown = shown
        self.rule = rule
