"""The facts about a client that its User-Agent reveals."""

from dataclasses import dataclass

from fastly_compute.core.texts import utf8_size
from fastly_compute.device_detection import _wit
from fastly_compute.device_detection.errors import InvalidUserAgent
from fastly_compute.device_detection.fields import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAgent:
    """The browser or other program that sent a request; a field is None if it is unknown.

    Attributes:
        name: Its name.
        major: The first part of its version.
        minor: The second part.
        patch: The third part.
        bot_name: The name of the bot.
        is_bot: Whether it says that it is a bot.
        is_downloader: Whether it is a downloader.
        is_feedreader: Whether it reads feeds.
        identified: Whether the User-Agent was recognized.

    Example:
        >>> from fastly_compute.device_detection import UserAgent
        >>> UserAgent(name="Firefox", major="140").is_bot is None
        True
    """

    name: str | None = None
    major: str | None = None
    minor: str | None = None
    patch: str | None = None
    bot_name: str | None = None
    is_bot: bool | None = None
    is_downloader: bool | None = None
    is_feedreader: bool | None = None
    identified: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingSystem:
    """The operating system of a device; a field is None if it is unknown.

    Attributes:
        name: Its name.
        major: The first part of its version.
        minor: The second part.
        patch: The third part.
        patch_minor: The fourth part.

    Example:
        >>> from fastly_compute.device_detection import OperatingSystem
        >>> OperatingSystem(name="iOS", major="18").name
        'iOS'
    """

    name: str | None = None
    major: str | None = None
    minor: str | None = None
    patch: str | None = None
    patch_minor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What is known about a client by its User-Agent; a field is None if it is unknown.

    A client can send any User-Agent: rely on none of this for access control.

    Attributes:
        name: The device's name.
        brand: Its brand, which may differ from its manufacturer.
        model: Its model.
        hwtype: Its primary type, for logs; a device may be of several types, see below.
        is_desktop: Whether it is a desktop computer's browser.
        is_ereader: Whether it is a reading device.
        is_gameconsole: Whether it is a game console.
        is_mediaplayer: Whether it is a media player.
        is_mobile: Whether it is a mobile phone.
        is_smarttv: Whether it is a smart TV.
        is_tablet: Whether it is a tablet.
        is_touchscreen: Whether its screen is touch sensitive.
        is_tvplayer: Whether it is a set-top box or another player for a TV.
        os: Its operating system.
        user_agent: The program that sent the request.

    Example:
        >>> from fastly_compute.device_detection import Device
        >>> def layout(device: Device | None) -> str:
        ...     return "narrow" if device is not None and device.is_mobile else "wide"
        >>> layout(Device(is_mobile=True))
        'narrow'
    """

    name: str | None = None
    brand: str | None = None
    model: str | None = None
    hwtype: str | None = None
    is_desktop: bool | None = None
    is_ereader: bool | None = None
    is_gameconsole: bool | None = None
    is_mediaplayer: bool | None = None
    is_mobile: bool | None = None
    is_smarttv: bool | None = None
    is_tablet: bool | None = None
    is_touchscreen: bool | None = None
    is_tvplayer: bool | None = None
    os: OperatingSystem = OperatingSystem()
    user_agent: UserAgent = UserAgent()


def lookup(user_agent: str) -> Device | None:
    """Look up a User-Agent (``device-detection.lookup``).

    Args:
        user_agent: The value of the header field. Nothing is known about an empty one, and the
            host is not called.

    Returns:
        What is known, or None if nothing is.

    Raises:
        TypeError: It is not a ``str``.
        InvalidUserAgent: It is not valid Unicode.
        InvalidDeviceData: The host's answer cannot be read.
        DeviceDetectionUnsupported: This host or service has no device detection.
        DeviceLookupFailed: The host refused for another reason.
        HostUnavailable: No host is available.

    Example:
        >>> from fastly_compute import device_detection
        >>> from fastly_compute.local import Host, HostConfig
        >>> known = {"Agent/1.0": {"device": {"brand": "Example", "is_mobile": True}}}
        >>> with Host(HostConfig(device_detection=known)) as host, host.guest_context():
        ...     device_detection.lookup("Agent/1.0").brand
        'Example'
    """
    try:
        size = utf8_size(user_agent, field="a User-Agent")
    except ValueError as error:
        raise InvalidUserAgent(str(error)) from None
    answer = _wit.lookup(user_agent) if size else None
    return _device(Fields.from_json(answer)) if answer else None


def _device(answer: Fields) -> Device:
    device, system, agent = (answer.group(name) for name in ("device", "os", "user_agent"))
    return Device(
        name=device.text("name"),
        brand=device.text("brand"),
        model=device.text("model"),
        hwtype=device.text("hwtype"),
        is_desktop=device.flag("is_desktop"),
        is_ereader=device.flag("is_ereader"),
        is_gameconsole=device.flag("is_gameconsole"),
        is_mediaplayer=device.flag("is_mediaplayer"),
        is_mobile=device.flag("is_mobile"),
        is_smarttv=device.flag("is_smarttv"),
        is_tablet=device.flag("is_tablet"),
        is_touchscreen=device.flag("is_touchscreen"),
        is_tvplayer=device.flag("is_tvplayer"),
        os=OperatingSystem(
            name=system.text("name"),
            major=system.text("major"),
            minor=system.text("minor"),
            patch=system.text("patch"),
            patch_minor=system.text("patch_minor"),
        ),
        user_agent=UserAgent(
            name=agent.text("name"),
            major=agent.text("major"),
            minor=agent.text("minor"),
            patch=agent.text("patch"),
            bot_name=agent.text("bot_name"),
            is_bot=agent.flag("is_bot"),
            is_downloader=agent.flag("is_downloader"),
            is_feedreader=agent.flag("is_feedreader"),
            identified=agent.flag("identified"),
        ),
    )
