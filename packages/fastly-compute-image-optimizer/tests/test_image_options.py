"""The options: what they are sent as, and what is refused."""

import doctest
import importlib
import math
import pickle
import pkgutil
import re
from dataclasses import FrozenInstanceError, fields, replace
from enum import Enum
from urllib.parse import parse_qsl

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fastly_compute import image_optimizer
from fastly_compute.image_optimizer import (
    Auto,
    BWAlgorithm,
    BWThreshold,
    Canvas,
    Color,
    Crop,
    CropMode,
    Feature,
    Fit,
    Format,
    ImageOptimizerOptions,
    InvalidImageOption,
    Level,
    Metadata,
    Offset,
    Optimize,
    Orient,
    Percent,
    Pixels,
    Position,
    Profile,
    Ratio,
    Region,
    ResizeFilter,
    Sharpen,
    Sides,
    Size,
    TrimColor,
)

TEN_PERCENT = Percent(10)
SENT = [
    ({}, ""),
    ({"width": Percent(50.0)}, "&width=50p"),
    ({"auto": Auto.WEBP}, "&auto=webp"),
    ({"bg_color": Color(0, 255, 0, 0.3)}, "&bg-color=0%2C255%2C0%2C0.3"),
    ({"bg_color": Color(1, 2, 3)}, "&bg-color=1%2C2%2C3"),
    ({"bg_color": Color(1, 2, 3, 1.0)}, "&bg-color=1%2C2%2C3%2C1"),
    ({"blur": Pixels(50.5)}, "&blur=50.5"),
    ({"blur": Percent(0.8)}, "&blur=0.8p"),
    ({"brightness": -50}, "&brightness=-50"),
    ({"bw": BWAlgorithm.ATKINSON}, "&bw=atkinson"),
    ({"bw": BWAlgorithm.THRESHOLD}, "&bw=threshold"),
    ({"bw": BWThreshold(10)}, "&bw=threshold%2C10"),
    ({"contrast": -5.5}, "&contrast=-5.5"),
    ({"contrast": -0.0001}, "&contrast=0"),
    ({"dpr": 3.2}, "&dpr=3.2"),
    ({"disable": Feature.UPSCALE}, "&disable=upscale"),
    ({"enable": Feature.UPSCALE}, "&enable=upscale"),
    ({"format": Format.JXL}, "&format=jxl"),
    ({"frame": 1}, "&frame=1"),
    ({"height": Percent(80)}, "&height=80p"),
    (
        {"level": Level.LEVEL_2_0, "format": Format.MP4, "profile": Profile.HIGH},
        "&format=mp4&level=2.0&profile=high",
    ),
    ({"metadata": Metadata.COPYRIGHT_AND_C2PA}, "&metadata=copyright%2Cc2pa"),
    ({"optimize": Optimize.HIGH}, "&optimize=high"),
    ({"orient": Orient.FLIP_VERTICAL}, "&orient=4"),
    (
        {"pad": Sides(top=TEN_PERCENT, right=Pixels(0), bottom=TEN_PERCENT, left=Pixels(7))},
        "&pad=10p%2C0%2C10p%2C7",
    ),
    ({"quality": 85}, "&quality=85"),
    ({"resize_filter": ResizeFilter.LANCZOS3}, "&resize-filter=lanczos3"),
    ({"saturation": 0}, "&saturation=0"),
    ({"sharpen": Sharpen(amount=5, radius=2.0, threshold=1)}, "&sharpen=a5%2Cr2%2Ct1"),
    (
        {
            "trim": Sides(
                top=Percent(20.5555),
                right=Percent(33.3333),
                bottom=Percent(20.555),
                left=Percent(0.001),
            )
        },
        "&trim=20.555p%2C33.333p%2C20.555p%2C0.001p",
    ),
    (
        {"trim_color": TrimColor(Color(255, 0, 0, 1), 0.5)},
        "&trim-color=255%2C0%2C0%2C1%2Ct0.5",
    ),
    ({"trim_color": TrimColor(Color.from_hex("F80"))}, "&trim-color=255%2C136%2C0"),
    ({"viewbox": 1}, "&viewbox=1"),
    ({"canvas": Canvas(Size(Pixels(200), Pixels(100)))}, "&canvas=200%2C100"),
    (
        {"canvas": Canvas(Size(Pixels(9), Percent(9)), Position(x=Percent(50), y=Percent(50)))},
        "&canvas=9%2C9p%2Cx50p%2Cy50p",
    ),
    (
        {"canvas": Canvas(Ratio(16, 9), Position(x=Offset(30), y=Offset(20)))},
        "&canvas=16%3A9%2Coffset-x30%2Coffset-y20",
    ),
    ({"crop": Crop(Ratio(1.91, 1))}, "&crop=1.91%3A1"),
    ({"crop": Crop(Ratio(1, 1), mode=CropMode.SAFE)}, "&crop=1%3A1%2Csafe"),
    (
        {"crop": Crop(Ratio(1, 1), Position(x=Pixels(30)), CropMode.SMART), "fit": Fit.BOUNDS},
        "&crop=1%3A1%2Cx30%2Csmart&fit=bounds",
    ),
    (
        {"precrop": Crop(Ratio(1, 1), Position(y=Offset(0)))},
        "&precrop=1%3A1%2Coffset-y0",
    ),
    (
        {"preserve_query_string_on_origin_request": True, "allow_malformed_query_params": True},
        "&preserve_query_string_on_origin_request=true&allow_malformed_query_params=true",
    ),
]


@pytest.mark.parametrize(("options", "sent"), SENT, ids=[sent for _, sent in SENT])
def test_options_are_sent_as_the_image_optimizer_reads_them(options, sent) -> None:
    made = ImageOptimizerOptions(region=Region.US_EAST, **options)

    assert made.query_string == f"region=us_east{sent}"
    assert parse_qsl(made.query_string, strict_parsing=True)[0] == ("region", "us_east")


def test_every_option_is_sent_in_one_of_these_cases() -> None:
    covered = {"region"}.union(*(options for options, _ in SENT))

    assert {option.name for option in fields(ImageOptimizerOptions)} == covered


@pytest.mark.parametrize("region", Region)
def test_every_region_can_be_chosen(region) -> None:
    assert ImageOptimizerOptions(region=region).query_string == f"region={region.value}"


def test_the_order_of_the_options_does_not_depend_on_how_they_are_given() -> None:
    one = ImageOptimizerOptions(region=Region.ASIA, width=Pixels(3), auto=Auto.AVIF)
    other = ImageOptimizerOptions(auto=Auto.AVIF, width=Pixels(3.0), region=Region.ASIA)

    assert (one, hash(one)) == (other, hash(other))
    assert one.query_string == other.query_string == "region=asia&auto=avif&width=3"


lengths = st.builds(Pixels, st.integers(1, 8192)) | st.builds(
    Percent, st.floats(0.001, 1_000_000) | st.integers(1, 1_000_000)
)
sides = st.builds(Sides, top=lengths, right=lengths, bottom=lengths, left=lengths)
places = lengths | st.builds(Offset, st.integers(0, 100))
positions = st.builds(Position, x=places, y=places | st.none())
sizes = st.builds(Size, lengths, lengths) | st.builds(
    Ratio, st.floats(0.001, 100_000), st.integers(1, 100_000)
)
crops = st.builds(Crop, sizes, positions | st.none(), st.sampled_from(CropMode) | st.none())
bytes_ = st.integers(0, 255)
colors = st.builds(Color, bytes_, bytes_, bytes_, st.none() | st.floats(0, 1))
shares = st.integers(-100, 100) | st.floats(-100, 100)
VALUES = {
    "auto": st.sampled_from(Auto),
    "bg_color": colors,
    "blur": st.builds(Pixels, st.floats(0.5, 1000)) | st.builds(Percent, st.floats(0.001, 100)),
    "brightness": shares,
    "bw": st.sampled_from(BWAlgorithm) | st.builds(BWThreshold, st.floats(0, 100)),
    "canvas": st.builds(Canvas, sizes, positions | st.none()),
    "contrast": shares,
    "crop": crops,
    "dpr": st.floats(1, 10),
    "enable": st.sampled_from(Feature),
    "fit": st.sampled_from(Fit),
    "format": st.sampled_from(Format),
    "height": lengths,
    "level": st.sampled_from(Level),
    "metadata": st.sampled_from(Metadata),
    "optimize": st.sampled_from(Optimize),
    "orient": st.sampled_from(Orient),
    "pad": sides,
    "precrop": crops,
    "profile": st.sampled_from(Profile),
    "quality": st.integers(1, 100),
    "resize_filter": st.sampled_from(ResizeFilter),
    "saturation": shares,
    "sharpen": st.builds(
        Sharpen, amount=st.floats(0, 10), radius=st.floats(0.5, 1000), threshold=bytes_
    ),
    "trim": sides,
    "trim_color": st.builds(TrimColor, colors, st.none() | st.floats(0, 1)),
    "width": lengths,
}
PARAMETER = re.compile(r"[a-z-]+=[A-Za-z0-9_.%-]+")
VALUE = re.compile(r"[a-z0-9_:,.-]+")


@given(st.sampled_from(Region), st.fixed_dictionaries({}, optional=VALUES))
def test_whatever_is_accepted_is_sent_without_loss(region, values) -> None:
    options = ImageOptimizerOptions(region=region, **values)
    sent = options.query_string
    decoded = dict(parse_qsl(sent, strict_parsing=True))

    assert all(PARAMETER.fullmatch(part) for part in sent.split("&"))
    assert decoded.pop("region") == region.value
    assert set(decoded) == {name.replace("_", "-") for name in values}
    for value in decoded.values():
        assert VALUE.fullmatch(value)
        assert not re.search(r"\d[eE]|-0(?!\d|\.)|\.\d{4}|\.\d*0(?!\d)(?<!\d\.0)", value)
    for name, value in values.items():
        number = decoded[name.replace("_", "-")]
        if isinstance(value, int | float) and not isinstance(value, Enum):
            assert math.isclose(float(number), value, abs_tol=0.0005)
    assert replace(options) == options
    assert pickle.loads(pickle.dumps(options)) == options


def outside(low, high):
    """Numbers that are out of range, or are not numbers."""
    return (
        st.integers().filter(lambda number: not low <= number <= high)
        | st.floats().filter(lambda number: not low <= number <= high)
        | st.sampled_from([math.nan, math.inf, -math.inf, 10**5000, -(10**5000)])
    )


OUTSIDE = [
    (-100, 100, "brightness", lambda number: {"brightness": number}),
    (-100, 100, "contrast", lambda number: {"contrast": number}),
    (-100, 100, "saturation", lambda number: {"saturation": number}),
    (1, 10, "dpr", lambda number: {"dpr": number}),
    (0, 1_000_000, "Percent", lambda number: {"width": Percent(number)}),
    (0, 2**32 - 1, "Pixels", lambda number: {"width": Pixels(number)}),
    (0.001, 100_000, "Ratio.width", lambda number: {"crop": Crop(Ratio(number, 1))}),
    (0.001, 100_000, "Ratio.height", lambda number: {"crop": Crop(Ratio(1, number))}),
    (0, 1, "Color.alpha", lambda number: {"bg_color": Color(0, 0, 0, number)}),
    (
        0,
        1,
        "TrimColor.threshold",
        lambda number: {"trim_color": TrimColor(Color(0, 0, 0), number)},
    ),
    (0, 100, "BWThreshold", lambda number: {"bw": BWThreshold(number)}),
    (
        0,
        10,
        "Sharpen.amount",
        lambda number: {"sharpen": Sharpen(amount=number, radius=1, threshold=1)},
    ),
    (
        0.5,
        1000,
        "Sharpen.radius",
        lambda number: {"sharpen": Sharpen(amount=1, radius=number, threshold=1)},
    ),
]


@pytest.mark.parametrize(
    ("low", "high", "option", "make"), OUTSIDE, ids=[case[2] for case in OUTSIDE]
)
@given(data=st.data())
def test_a_number_out_of_range_is_refused(low, high, option, make, data) -> None:
    number = data.draw(outside(low, high))

    with pytest.raises(InvalidImageOption, match=rf"^{option}: must be from ") as caught:
        ImageOptimizerOptions(region=Region.ASIA, **make(number))
    assert caught.value.option == option
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("option", "make"), [(case[2], case[3]) for case in OUTSIDE], ids=[case[2] for case in OUTSIDE]
)
@pytest.mark.parametrize("value", ["1", True, b"1", [1]])
def test_what_is_not_a_number_is_refused(option, make, value) -> None:
    kind = type(value).__name__
    with pytest.raises(TypeError, match=rf"^{option} must be a number, not {kind}$"):
        ImageOptimizerOptions(region=Region.ASIA, **make(value))


WHOLE = [
    (1, 100, "quality", lambda number: ImageOptimizerOptions(region=Region.ASIA, quality=number)),
    (1, 1, "frame", lambda number: ImageOptimizerOptions(region=Region.ASIA, frame=number)),
    (1, 1, "viewbox", lambda number: ImageOptimizerOptions(region=Region.ASIA, viewbox=number)),
    (0, 255, "Color.red", lambda number: Color(number, 0, 0)),
    (0, 255, "Color.green", lambda number: Color(0, number, 0)),
    (0, 255, "Color.blue", lambda number: Color(0, 0, number)),
    (
        0,
        255,
        "Sharpen.threshold",
        lambda number: Sharpen(amount=1, radius=1, threshold=number),
    ),
    (0, 100, "Offset", lambda number: Offset(number)),
]


@pytest.mark.parametrize(("low", "high", "option", "make"), WHOLE, ids=[case[2] for case in WHOLE])
@given(data=st.data())
def test_a_whole_number_out_of_range_is_refused(low, high, option, make, data) -> None:
    number = data.draw(st.integers().filter(lambda number: not low <= number <= high))

    with pytest.raises(InvalidImageOption, match=rf"^{option}: must be from {low} to {high}, "):
        make(number)
    with pytest.raises(TypeError, match=rf"^{option} must be an int, not float$"):
        make(1.0)
    with pytest.raises(TypeError, match=rf"^{option} must be a number, not str$"):
        make("1")


@given(st.integers(8193, 2**32 - 1) | st.just(0) | st.floats(1.001, 8192).filter(lambda n: n % 1))
def test_a_size_that_no_image_can_have_is_refused(number) -> None:
    pixels = Pixels(number)
    assume(pixels.value % 1 or not 1 <= pixels.value <= 8192)  # not rounded to whole pixels

    for name in ("width", "height"):
        with pytest.raises(
            InvalidImageOption, match=rf"^{name}: must be from 1 to 8192 whole pixels, not "
        ):
            ImageOptimizerOptions(region=Region.ASIA, **{name: pixels})


@given(st.floats(0, 0.499) | st.floats(1001, 2**32 - 1))
def test_a_blur_out_of_range_is_refused(number) -> None:
    with pytest.raises(InvalidImageOption, match=r"^blur: must be from 0\.5 to 1000 pixels, not "):
        ImageOptimizerOptions(region=Region.ASIA, blur=Pixels(number))


NOTHING = Percent(0.0001)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Size(Pixels(0), Pixels(1)), "Size.width: must be from 1 to 4294967295 whole"),
        (lambda: Size(Pixels(1), Pixels(1.5)), "Size.height: must be from 1 to 4294967295 whole"),
        (lambda: Size(NOTHING, Pixels(1)), "Size.width: must be more than 0 percent"),
        (lambda: Position(), "Position: needs x, y, or both"),
        (lambda: Position(x=Pixels(0.5)), "Position.x: must be from 0 to 4294967295 whole pixels"),
        (
            lambda: Sides(top=NOTHING, right=NOTHING, bottom=Pixels(0.5), left=NOTHING),
            "Sides.bottom: must be from 0 to 4294967295 whole pixels, not 0.5",
        ),
        (
            lambda: ImageOptimizerOptions(region=Region.ASIA, blur=NOTHING),
            "blur: must be more than 0 percent",
        ),
        (
            lambda: ImageOptimizerOptions(region=Region.ASIA, width=Percent(0)),
            "width: must be more than 0 percent",
        ),
        (
            lambda: ImageOptimizerOptions(
                region=Region.ASIA, enable=Feature.UPSCALE, disable=Feature.UPSCALE
            ),
            "enable: upscale is disabled as well",
        ),
        (lambda: Color.from_hex("#12"), "Color: must have three or six hexadecimal digits, not "),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(make, message) -> None:
    with pytest.raises(InvalidImageOption) as caught:
        make()
    assert str(caught.value).startswith(message)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.option) == (str(caught.value), caught.value.option)


@given(st.text(max_size=40))
def test_only_hexadecimal_digits_are_a_color(text) -> None:
    if re.fullmatch(r"#?([0-9a-f]{3}){1,2}", text, re.IGNORECASE | re.ASCII):
        assert Color.from_hex(text)
    else:
        with pytest.raises(InvalidImageOption, match=r"^Color: must have three or six"):
            Color.from_hex(text)


@given(bytes_, bytes_, bytes_)
def test_a_color_is_read_from_its_notation(red, green, blue) -> None:
    expected = Color(red, green, blue)

    assert Color.from_hex(f"#{red:02x}{green:02X}{blue:02x}") == expected


@given(st.sampled_from([option.name for option in fields(ImageOptimizerOptions)]))
def test_a_value_of_another_type_is_refused(name) -> None:
    given = {"region": Region.ASIA}
    for value in ("us_east", b"webp", object(), 1 + 2j):
        with pytest.raises(TypeError, match=rf"^{name} must be "):
            ImageOptimizerOptions(**{**given, name: value})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ImageOptimizerOptions(), "missing 1 required keyword-only argument: 'region'"),
        (lambda: ImageOptimizerOptions(region=None), "region must be Region, not NoneType"),
        (
            lambda: ImageOptimizerOptions(region=Region.ASIA, width=640),
            r"width must be Pixels\(...\) or Percent\(...\), not int",
        ),
        (
            lambda: ImageOptimizerOptions(region=Region.ASIA, allow_malformed_query_params=None),
            "allow_malformed_query_params must be bool, not NoneType",
        ),
        (
            lambda: ImageOptimizerOptions(region=Region.ASIA, bw="atkinson"),
            "bw must be BWAlgorithm or BWThreshold, not str",
        ),
        (lambda: Crop(Pixels(1)), r"Crop.size must be a Size or a Ratio, not Pixels"),
        (lambda: Canvas(Ratio(1, 1), 3), r"Canvas.position must be a Position, not int"),
        (lambda: Crop(Ratio(1, 1), mode="safe"), r"Crop.mode must be a CropMode, not str"),
        (lambda: TrimColor("#fff"), r"TrimColor.color must be a Color, not str"),
        (lambda: Color.from_hex(0xFFF), r"a color must be a str, not int"),
        (lambda: Position(x=3), r"Position.x must be Pixels\(...\) or Percent\(...\), not int"),
    ],
)
def test_the_right_type_is_named(make, message) -> None:
    with pytest.raises(TypeError, match=message):
        make()


def test_options_cannot_be_changed() -> None:
    options = ImageOptimizerOptions(region=Region.ASIA)

    with pytest.raises(FrozenInstanceError):
        options.quality = 3


MODULES = [module.name for module in pkgutil.iter_modules(image_optimizer.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name) -> None:
    module = importlib.import_module(f"fastly_compute.image_optimizer.{name}")

    assert doctest.testmod(module).failed == 0
