"""Pictures people send: recognised by content, decoded within bounds, and made anew in a few sizes.

No byte of an upload is ever served: every rendition is drawn from the pixels alone, so position, camera, comments and
whatever else hides in a file stay behind (P-016), and the largest rendition is the only full-size copy that is kept.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import filetype
from PIL import AvifImagePlugin, Image, ImageCms, PngImagePlugin, WebPImagePlugin

from intrakraft.domain.base import N_
from intrakraft.domain.errors import Invalid

LIST: Final = "list-208"
LIST_DOUBLE: Final = "list-416"
PAGE: Final = "page-960"
FULL: Final = "full-2048"

MOST_BYTES: Final = 12_000_000
MOST_PIXELS: Final = 50_000_000
MOST_PIXELS_OF = {"image/webp": 20_000_000, "image/avif": 20_000_000}  # their decoders hold three copies at once
LIST_BYTES: Final = 12_000
LONGEST_SIDE: Final = 2048
PAPER: Final = (255, 255, 255)
_MOST_SCANS: Final = 100
_SIGNED: Final = 1 << 63

# Pillow refuses at twice its limit, before any decoder sets memory aside, and only warns below that: we refuse there.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
PngImagePlugin.MAX_TEXT_CHUNK = 1024 * 1024
PngImagePlugin.MAX_TEXT_MEMORY = 8 * 1024 * 1024
_DECODERS = (AvifImagePlugin, WebPImagePlugin)  # these two register themselves only when imported


class Unreadable(Invalid):
    """The file cannot become a picture; the sentence says what it is and which format to choose."""

    def __init__(self, message: str, /, *, field: str = "photos", **params: object) -> None:
        super().__init__({field: (message, params)})
        self.params = params


@dataclass(frozen=True, slots=True)
class Rendition:
    """One drawing of a picture: its name (a size), media type, size in pixels and bytes."""

    name: str
    mime: str
    width: int
    height: int
    data: bytes

    @property
    def file_name(self) -> str:
        """Our own name for it, such as `list-208.avif`."""
        return f"{self.name}.{self.mime.removeprefix('image/')}"


@dataclass(frozen=True, slots=True)
class CleanedImage:
    """A picture made anew: `renditions` from small to large, best packed first within a size.

    `width` and `height` are those of the full size, turned upright. `dhash` is a signed 64-bit fingerprint;
    `unlikeness` of two tells near-duplicates. `original_bytes` counts the upload, `mime` is what it was recognised as.
    """

    renditions: tuple[Rendition, ...]
    width: int
    height: int
    dhash: int
    mime: str
    original_bytes: int

    def rendition(self, name: str, mime: str) -> Rendition:
        """The rendition of this size and type; every size has a JPEG. Raises KeyError."""
        for rendition in self.renditions:
            if (rendition.name, rendition.mime) == (name, mime):
                return rendition
        raise KeyError(name, mime)


def clean(data: bytes, *, field: str = "photos", most_bytes: int = MOST_BYTES) -> CleanedImage:
    """An upright, sRGB, metadata-free picture in four sizes, from a JPEG, PNG, WebP, AVIF, GIF or BMP file.

    The same bytes give the same renditions. Takes up to a second of CPU and about 5 bytes of memory a pixel: call it
    through `offload_long`. Raises `Unreadable` for `field`, for anything else and for broken or oversized files.
    """
    try:
        return _cleaned(data, most_bytes)
    except Unreadable as refusal:
        raise Unreadable(refusal.message, field=field, **refusal.params) from refusal.__cause__


def unlikeness(one: int, other: int) -> int:
    """How many of the 64 bits of two fingerprints differ; up to about 6 is the same picture, packed or sized anew."""
    return ((one ^ other) & (2 * _SIGNED - 1)).bit_count()


def _cleaned(data: bytes, most_bytes: int) -> CleanedImage:
    mime = _recognised(data, most_bytes)
    image = _upright(data, mime)
    return CleanedImage(
        renditions=tuple(_renditions(image)),
        width=image.width,
        height=image.height,
        dhash=_dhash(image),
        mime=mime,
        original_bytes=len(data),
    )


# -- what it is --

_FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/apng": "PNG",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
    "image/gif": "GIF",
    "image/bmp": "BMP",
}
_OTHER_FORMATS = {
    "image/tiff": "TIFF",
    "image/vnd.adobe.photoshop": "Photoshop (PSD)",
    "image/jpx": "JPEG 2000",
    "application/pdf": "PDF",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel (XLSX)",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word (DOCX)",
    "application/zip": "ZIP",
}
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"})
_JXL_STARTS = (b"\xff\x0a", b"\x00\x00\x00\x0cJXL \r\n\x87\n")


def _recognised(data: bytes, most_bytes: int) -> str:
    if not data:
        raise Unreadable(N_("This file is empty. Choose it again, or take the photo again."))
    if len(data) > most_bytes:
        raise Unreadable(
            N_("This picture has %(size)s MB, the most is %(most)s MB. Send a smaller copy."),
            size=-(-len(data) // 1_000_000),
            most=most_bytes // 1_000_000,
        )
    found = filetype.guess(data[:8192])
    mime, extension = (str(found.mime), str(found.extension)) if found else ("", "")
    if data[4:12] == b"ftypavis":
        mime = "image/avif"
    if mime not in _FORMATS:
        raise _refused(data, mime, extension)
    return mime


def _refused(data: bytes, mime: str, extension: str) -> Unreadable:
    if mime == "image/heic" or (data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS):
        return Unreadable(
            N_(
                "This is a HEIC picture. Choose JPEG, PNG or WebP: "
                "on an iPhone, Settings, Camera, Formats, Most Compatible."
            )
        )
    if mime.startswith("video/"):
        return Unreadable(N_("This is a video, not a picture. Choose a JPEG, PNG or WebP picture."))
    if mime.startswith("audio/"):
        return Unreadable(N_("This is a sound, not a picture. Choose a JPEG, PNG or WebP picture."))
    name = _OTHER_FORMATS.get(mime) or _named_by_start(data) or extension.upper()
    if name:
        return Unreadable(N_("This is a file of the kind %(format)s. Choose a JPEG, PNG or WebP picture."), format=name)
    return Unreadable(N_("This file is not a picture. Choose a JPEG, PNG or WebP picture."))


def _named_by_start(data: bytes) -> str:
    if data.startswith(_JXL_STARTS):
        return "JPEG XL"
    text = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "HTML"
    if text.startswith(b"<") and b"<svg" in text:
        return "SVG"
    return ""


# -- decoding within bounds --

_TURNS = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT,),
    3: (Image.Transpose.ROTATE_180,),
    4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,),
    6: (Image.Transpose.ROTATE_270,),
    7: (Image.Transpose.TRANSVERSE,),
    8: (Image.Transpose.ROTATE_90,),
}


def _upright(data: bytes, mime: str) -> Image.Image:
    """The picture as bare RGB pixels, at most `LONGEST_SIDE` long, turned as its camera noted."""
    most = MOST_PIXELS_OF.get(mime, MOST_PIXELS)
    try:
        with Image.open(io.BytesIO(data), formats=[_FORMATS[mime]]) as image:
            _check_pixels(image.size, most)
            if mime == "image/jpeg":
                _check_scans(data)
                image.draft(None, _fitted(image.size, LONGEST_SIDE))
            image.load()
            orientation = _orientation(image)
            profile = image.info.get("icc_profile")
            small = _shrunk(image)
    except Unreadable:
        raise
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(most) from error
    except (
        Exception
    ) as error:  # a decoder fed hostile bytes raises whatever it likes; all of it means the same to people
        raise _damaged() from error
    for turn in _TURNS.get(orientation, ()):
        small = small.transpose(turn)
    return _bare(_in_srgb(small, profile))


def _check_pixels(size: tuple[int, int], most: int) -> None:
    if min(size) < 1:
        raise _damaged()
    if size[0] * size[1] > most:
        raise _too_many_pixels(most)


def _check_scans(data: bytes) -> None:
    """A progressive JPEG may ask for thousands of passes over the same pixels; honest ones need about ten."""
    if data.count(b"\xff\xda") > _MOST_SCANS:
        raise _damaged()


def _too_many_pixels(most: int) -> Unreadable:
    return Unreadable(
        N_("This picture is larger than %(most)s megapixels. Send a smaller copy."), most=most // 1_000_000
    )


def _damaged() -> Unreadable:
    return Unreadable(N_("This picture is cut off or damaged. Choose it again, or take the photo again."))


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(0x0112, 1))
    except (ValueError, TypeError, SyntaxError, KeyError, OSError, struct.error):
        return 1


def _shrunk(image: Image.Image) -> Image.Image:
    """The picture in CMYK, grey or RGB on paper, at most `LONGEST_SIDE` long; never two full-size copies at once."""
    if image.mode not in ("RGB", "L", "CMYK") or "transparency" in image.info:
        image = _plain_in_strips(image)
    size = _fitted(image.size, LONGEST_SIDE)
    if size == image.size:
        return image
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=1.01)


def _plain_in_strips(image: Image.Image) -> Image.Image:
    factor = max(1, max(image.size) // LONGEST_SIDE)
    height = factor * max(1, 256 // factor)
    plain: Image.Image | None = None
    for top in range(0, image.height, height):
        strip = _plain(image.crop((0, top, image.width, min(top + height, image.height))))
        strip = strip.reduce(factor) if factor > 1 else strip
        if plain is None:
            plain = Image.new(
                strip.mode, (strip.width, -(-image.height // factor)), PAPER if strip.mode == "RGB" else 255
            )
        plain.paste(strip, (0, top // factor))
    return plain or image


def _plain(strip: Image.Image) -> Image.Image:
    if strip.mode.startswith(("I", "F")):
        return strip.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if strip.mode == "1":
        return strip.convert("L")
    if not (strip.has_transparency_data or strip.mode in ("RGBA", "LA", "PA", "RGBa", "La")):
        return strip.convert("RGB")
    paper = Image.new("RGBA", strip.size, (*PAPER, 255))
    return Image.alpha_composite(paper, strip.convert("RGBA")).convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The colours as sRGB has them; a profile that is broken or of another colour space is passed over."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile or b""))
        space = source.profile.xcolor_space.strip()
        if "srgb" in (source.profile.profile_description or "").casefold():
            return image.convert("RGB")
        if (space, image.mode) == ("RGB", "L"):
            image = image.convert("RGB")
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        converted = None
    return converted or image.convert("RGB")


def _bare(image: Image.Image) -> Image.Image:
    """Pixels only: comments and profiles ride along on Pillow's images and some encoders write them out."""
    bare = Image.new("RGB", image.size)
    bare.paste(image)
    return bare


# -- drawing --


@dataclass(frozen=True, slots=True)
class _Drawing:
    """A size to draw: its longest side and, by type, qualities to try from the best until `most_bytes` holds."""

    name: str
    side: int
    qualities: dict[str, tuple[int, ...]]
    most_bytes: int | None = None
    webp_method: int = 4


# Measured on product photographs: AVIF at speed 9 is 2 % larger than at 6 and ten times quicker.
_DRAWINGS = (
    _Drawing(LIST, 208, {"AVIF": (50, 35, 20), "WEBP": (65, 45, 25), "JPEG": (72, 55, 38, 22)}, LIST_BYTES),
    _Drawing(
        LIST_DOUBLE, 416, {"AVIF": (40, 30, 20, 10), "WEBP": (50, 35, 20, 8), "JPEG": (55, 40, 28, 16)}, LIST_BYTES
    ),
    _Drawing(PAGE, 960, {"AVIF": (50,), "WEBP": (70,), "JPEG": (75,)}),
    _Drawing(FULL, LONGEST_SIDE, {"WEBP": (78,), "JPEG": (84,)}, webp_method=2),
)


def _renditions(image: Image.Image) -> list[Rendition]:
    sized = {LONGEST_SIDE: image}
    for drawing in reversed(_DRAWINGS):
        larger = sized[min(sized)]
        sized[drawing.side] = larger.resize(_fitted(image.size, drawing.side), Image.Resampling.LANCZOS)
    return [rendition for drawing in _DRAWINGS for rendition in _drawn(sized[drawing.side], drawing)]


def _drawn(image: Image.Image, drawing: _Drawing) -> Iterator[Rendition]:
    options: dict[str, dict[str, int]] = {
        "AVIF": {"speed": 9, "max_threads": 1},
        "WEBP": {"method": drawing.webp_method},
        "JPEG": {"optimize": True, "progressive": True},
    }
    for format, qualities in drawing.qualities.items():
        tries = [{"quality": quality, **options[format]} for quality in qualities]
        width, height, data = _packed(image, format, tries, drawing.most_bytes)
        yield Rendition(drawing.name, f"image/{format.lower()}", width, height, data)


def _packed(
    image: Image.Image, format: str, tries: list[dict[str, int]], most_bytes: int | None
) -> tuple[int, int, bytes]:
    """The first try that fits; a picture that fits in none is drawn smaller until it does."""
    while True:
        for options in tries:
            file = io.BytesIO()
            image.save(file, format, **options)
            if most_bytes is None or file.tell() <= most_bytes:
                return image.width, image.height, file.getvalue()
        image = image.resize(_fitted(image.size, max(image.size) * 4 // 5), Image.Resampling.LANCZOS)


def _fitted(size: tuple[int, int], side: int) -> tuple[int, int]:
    """The size scaled down so that its longer side is at most `side`; never up, never below one pixel."""
    width, height = size
    longest = max(size)
    if longest <= side:
        return size
    return max(1, round(width * side / longest)), max(1, round(height * side / longest))


def _dhash(image: Image.Image) -> int:
    """64 bits, each whether the picture brightens from one cell of a 9 x 8 grid to the next, as a signed number."""
    grey = image.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = 0
    for row in range(8):
        for column in range(8):
            bits = bits << 1 | (grey[row * 9 + column] < grey[row * 9 + column + 1])
    return bits - 2 * _SIGNED if bits >= _SIGNED else bits
