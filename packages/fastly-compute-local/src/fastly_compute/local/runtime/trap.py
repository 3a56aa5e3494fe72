"""How a sandbox ends when the guest does what the platform does not survive."""


class Trap(BaseException):
    """The guest made a mistake that ends its sandbox on the platform.

    It derives from BaseException because no handler of the guest's may catch it: a real trap
    cannot be caught either. Its text says what the mistake was.
    """


class DeadlineExceeded(Trap):
    """The guest ran longer than the host's time limit."""

    def __init__(self) -> None:
        super().__init__("it ran longer than the host's time limit allows")
