"""The exceptions that end a sandbox where the platform would end it."""


class Trap(BaseException):
    """The guest made a mistake that ends its sandbox on the platform.

    It derives from BaseException so that no handler of the guest catches it: a real trap cannot
    be caught either. The message says what the mistake was.
    """


class DeadlineExceeded(Trap):
    """The guest ran longer than the host's time limit."""

    def __init__(self) -> None:
        super().__init__("it ran longer than the host's time limit allows")
