"""Pictures people send: every real and hostile file comes out clean, or is refused in words a person can act on.

What is served is parsed back and searched for what must not be there.
"""

import csv
import io
import random
import struct
import subprocess
import sys
import zlib

import pytest
from PIL import Image, ImageChops, ImageCms, ImageStat

from intrakraft.adapters import images
from intrakraft.adapters.images import FULL, LIST, LIST_DOUBLE, PAGE, Unreadable, clean, unlikeness

pytestmark = [pytest.mark.criterion("B2"), pytest.mark.promise("P-016"), pytest.mark.long]

HIDDEN = (
    b"Exif", b"http://ns.adobe.com/xap", b"ICC_PROFILE", b"Photoshop 3.0", b"<?php", b"<script", b"PK\x03\x04",
    b"onerror", b"<html",
)  # fmt: skip


def sentence(refusal):
    (message, params) = refusal.value.problems["photos"]
    return message % params


def refused(data):
    with pytest.raises(Unreadable) as refusal:
        clean(data)
    return sentence(refusal)


def seen(cleaned, name=FULL):
    return Image.open(io.BytesIO(cleaned.rendition(name, "image/jpeg").data)).convert("RGB")


def far_apart(one, other):
    return max(ImageStat.Stat(ImageChops.difference(one, other)).mean)


def saved(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def photograph(width=900, height=600, mode="RGB"):
    picture = Image.effect_mandelbrot((width, height), (-2, -1.2, 1, 1.2), 60).convert("RGB")
    return Image.merge(
        "RGB", (picture.getchannel(0), picture.getchannel(1).rotate(180), Image.new("L", picture.size, 90))
    )


def assert_clean(cleaned):
    for rendition in cleaned.renditions:
        assert [mark for mark in HIDDEN if mark in rendition.data] == []
        with Image.open(io.BytesIO(rendition.data)) as parsed:
            parsed.load()
            assert parsed.get_format_mimetype() == rendition.mime
            assert parsed.size == (rendition.width, rendition.height)
            assert not parsed.getexif() and getattr(parsed, "n_frames", 1) == 1
            assert {"exif", "xmp", "icc_profile", "comment", "photoshop", "dpi"}.isdisjoint(parsed.info)


# -- what comes out --


@pytest.fixture(scope="module")
def photographs(shared_data):
    """27 photographs of goods, cleaned."""
    return [clean(path.read_bytes()) for path in sorted((shared_data / "media" / "photos").iterdir())]


def test_each_size_comes_in_its_types_and_none_is_too_heavy(photographs):
    types = ("image/avif", "image/webp", "image/jpeg")
    small = [(name, mime) for name in (LIST, LIST_DOUBLE, PAGE) for mime in types]
    for cleaned in photographs:
        drawn = [(r.name, r.mime) for r in cleaned.renditions]
        assert drawn == [*small, (FULL, "image/webp"), (FULL, "image/jpeg")]
        assert max(len(r.data) for r in cleaned.renditions if r.name in (LIST, LIST_DOUBLE)) <= 12_000
        assert_clean(cleaned)


@pytest.mark.parametrize("name", [LIST, LIST_DOUBLE])
def test_a_browse_page_of_24_photographs_keeps_its_budget(photographs, name):
    weights = [len(cleaned.rendition(name, "image/avif").data) for cleaned in photographs]
    assert 24 * sum(weights) / len(weights) <= 150_000


def test_noise_that_no_quality_packs_is_drawn_smaller_until_it_fits():
    noise = Image.frombytes("RGB", (416, 416), random.Random(1).randbytes(416 * 416 * 3))
    lists = [r for r in clean(saved(noise, "PNG")).renditions if r.name == LIST_DOUBLE]
    assert max(len(r.data) for r in lists) <= 12_000
    assert min(r.width for r in lists) < 416


def test_sizes_keep_the_shape_and_never_grow():
    wide, tiny = clean(saved(photograph(3000, 1000), "JPEG")), clean(saved(photograph(40, 30), "PNG"))
    assert [(r.width, r.height) for r in wide.renditions if r.mime == "image/jpeg"] == [
        (208, 69), (416, 139), (960, 320), (2048, 683)
    ]  # fmt: skip
    assert {(r.width, r.height) for r in tiny.renditions} == {(40, 30)} == {(tiny.width, tiny.height)}


def test_a_sliver_keeps_at_least_one_pixel():
    assert {min(r.width, r.height) for r in clean(saved(photograph(9000, 3), "PNG")).renditions} == {1}


def test_the_same_bytes_give_the_same_pictures():
    data = saved(photograph(), "JPEG")
    assert clean(data) == clean(data)


def test_names_of_renditions_are_ours():
    assert clean(saved(photograph(), "PNG")).rendition(LIST, "image/avif").file_name == "list-208.avif"
    with pytest.raises(KeyError):
        clean(saved(photograph(), "PNG")).rendition(FULL, "image/avif")


# -- every format --


@pytest.mark.parametrize(
    "name",
    ["exif.avif", "flower.webp", "chi.gif", "fixture.gif", "iss634.gif", "fixture.bmp", "fixture.apng", "exif.png",
     "RGB_16__128x128.png", "pil_sample_cmyk.jpg", "exif_gps.jpg", "frozenpond.mpo"],
)  # fmt: skip
def test_pictures_of_every_usual_format_come_out_clean_and_alike(shared_data, name):
    data = (shared_data / "media" / "formats" / name).read_bytes()
    cleaned = clean(data)
    assert_clean(cleaned)
    with Image.open(io.BytesIO(data)) as source:
        expected = Image.alpha_composite(Image.new("RGBA", source.size, "white"), source.convert("RGBA")).convert("RGB")
    assert far_apart(seen(cleaned), expected) < 12
    assert cleaned.original_bytes == len(data)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_png_of_every_depth_looks_the_same(mode):
    grey = Image.linear_gradient("L").resize((300, 200))
    if mode == "I;16":
        source = Image.new("I;16", grey.size)
        source.frombytes(b"".join(struct.pack("<H", value * 257) for value in grey.tobytes()))
    else:
        source = grey.convert("RGB").convert(mode) if mode == "P" else grey.convert(mode)
    assert (
        far_apart(seen(clean(saved(source, "PNG"))), source.convert("RGB") if mode != "I;16" else grey.convert("RGB"))
        < 8
    )


@pytest.mark.parametrize("options", [{"progressive": True}, {"quality": 30}, {"subsampling": 0}, {"smooth": 1}])
def test_jpeg_of_every_make_looks_the_same(options):
    assert far_apart(seen(clean(saved(photograph(), "JPEG", **options))), photograph()) < 10


def test_what_is_see_through_lies_on_paper():
    ghost = Image.new("RGBA", (50, 50), (255, 0, 0, 0))
    palette = Image.new("P", (50, 50), 0)
    palette.putpalette([0, 0, 0, 255, 255, 255])
    marked = saved(Image.new("RGB", (50, 50), "red"), "PNG", transparency=(255, 0, 0))
    whole, lossless = saved(ghost, "PNG"), saved(ghost, "WEBP", lossless=True)
    for data in (whole, lossless, marked, saved(palette, "GIF", transparency=0)):
        assert seen(clean(data)).getpixel((25, 25)) == (255, 255, 255)


def test_only_the_first_frame_of_a_film_is_kept():
    frames = [Image.new("RGB", (60, 60), colour) for colour in ("red", "blue", "blue")]
    for format in ("GIF", "PNG", "WEBP", "AVIF"):
        cleaned = clean(saved(frames[0], format, save_all=True, append_images=frames[1:], duration=100))
        red, _, blue = seen(cleaned).getpixel((30, 30))
        assert red > 200 and blue < 60
        assert_clean(cleaned)


def test_colours_of_another_profile_become_srgb():
    swapped = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = {
        bytes(swapped[at : at + 4]): at for at in range(132, 132 + 12 * struct.unpack_from(">I", swapped, 128)[0], 12)
    }
    red, green = tags[b"rXYZ"], tags[b"gXYZ"]
    swapped[red : red + 4], swapped[green : green + 4] = b"gXYZ", b"rXYZ"
    profile = bytes(swapped).replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))
    data = saved(Image.new("RGB", (50, 50), "red"), "PNG", icc_profile=profile)
    red, green, _ = seen(clean(data)).getpixel((25, 25))
    assert green > 240 and red < 20


def test_a_broken_profile_does_not_lose_the_picture():
    data = saved(Image.new("RGB", (50, 50), "red"), "PNG", icc_profile=b"no profile at all")
    assert seen(clean(data)).getpixel((25, 25))[0] > 240


# -- turned upright, nothing left inside --


@pytest.mark.parametrize("turn", [3, 6, 8])
def test_a_turned_photograph_stands_upright(shared_data, turn):
    folder = shared_data / "media" / "orientation"
    upright, turned = (clean((folder / f"landscape_{n}.jpg").read_bytes()) for n in (1, turn))
    assert (turned.width, turned.height) == (upright.width, upright.height) == (600, 450)
    assert far_apart(seen(turned), seen(upright)) < 8 < far_apart(seen(turned).rotate(180), seen(upright))
    assert unlikeness(turned.dhash, upright.dhash) <= 3


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_all_eight_turns_of_every_format(turn, format):
    exif = Image.Exif()
    exif[0x0112] = turn
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    shown = photograph(300, 200)
    stored = shown.transpose(Image.Transpose(back[turn])) if turn > 1 else shown
    assert far_apart(seen(clean(saved(stored, format, exif=exif.tobytes()))), shown) < 8


@pytest.mark.parametrize("name", ["DSCN0010.jpg", "DSCN0021.jpg", "BlueSquare.jpg"])
def test_position_and_notes_of_the_camera_stay_behind(shared_data, name):
    data = (shared_data / "media" / "metadata" / name).read_bytes()
    cleaned = clean(data)
    assert b"Exif" in data or b"http://ns.adobe.com/xap" in data
    assert all(b"GPS" not in rendition.data for rendition in cleaned.renditions)
    assert_clean(cleaned)


def test_comments_and_text_of_every_format_stay_behind():
    from PIL.PngImagePlugin import PngInfo

    notes = PngInfo()
    notes.add_text("Comment", "<script>secret</script>")
    notes.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta>secret</x:xmpmeta>", zip=True)
    xmp = b"<x:xmpmeta>secret</x:xmpmeta>"
    for data in (
        saved(photograph(), "PNG", pnginfo=notes),
        saved(photograph(), "JPEG", comment=b"secret", xmp=xmp),
        saved(photograph(), "GIF", comment=b"secret"),
        saved(photograph(), "WEBP", xmp=xmp),
    ):
        cleaned = clean(data + b"secret behind the end")
        assert_clean(cleaned)
        assert all(b"secret" not in rendition.data for rendition in cleaned.renditions)


# -- refused, in words --


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("formats/zPug_3.heic", "HEIC"),
        ("formats/RGB_10__128x128.heif", "HEIC"),
        ("formats/fixture.jxl", "JPEG XL"),
        ("formats/fixture.psd", "Photoshop (PSD)"),
        ("formats/16bit.cropped.tif", "TIFF"),
        ("metadata/Jobagent.tiff", "TIFF"),
        ("formats/fixture.pdf", "PDF"),
        ("formats/fixture.xlsx", "Excel (XLSX)"),
        ("av/fixture-imovie.mp4", "video"),
        ("av/fixture2.3gp", "video"),
        ("av/fixture.webm", "video"),
        ("av/fixture.m4a", "sound"),
        ("av/tinytag_16bit_pcm.wav", "sound"),
    ],
)
def test_what_is_no_picture_for_the_web_is_named_with_what_to_choose(shared_data, name, kind):
    words = refused((shared_data / "media" / name).read_bytes())
    assert kind in words and "JPEG, PNG or WebP" in words


def test_every_sound_and_film_is_refused(shared_data):
    for path in sorted((shared_data / "media" / "av").iterdir()):
        assert "not a picture" in refused(path.read_bytes())


def test_every_file_of_the_data_has_an_outcome(shared_data):
    """Whatever is added to the folders later still ends in a picture or in a sentence."""
    for folder in ("media/formats", "media/metadata", "media/orientation", "media/av", "hostile"):
        for path in sorted((shared_data / folder).iterdir()):
            try:
                assert_clean(clean(path.read_bytes()))
            except Unreadable as refusal:
                message, params = refusal.problems["photos"]
                assert message % params


def test_a_heic_picture_says_where_the_setting_is(shared_data):
    words = refused((shared_data / "media" / "formats" / "zPug_3.heic").read_bytes())
    assert words.endswith("on an iPhone, Settings, Camera, Formats, Most Compatible.")


def test_an_empty_a_heavy_and_an_unknown_file():
    assert refused(b"") == "This file is empty. Choose it again, or take the photo again."
    assert refused(b"x" * 12_000_001) == "This picture has 13 MB, the most is 12 MB. Send a smaller copy."
    assert refused(b"no picture at all") == "This file is not a picture. Choose a JPEG, PNG or WebP picture."


def test_the_limit_and_the_field_are_handed_in():
    with pytest.raises(Unreadable) as refusal:
        clean(b"x" * 3_000_001, field="logo", most_bytes=3_000_000)
    assert list(refusal.value.problems) == ["logo"]


HOSTILE = {
    "html_named.jpg": "HTML",
    "gif_header_html.gif": "damaged",
    "svg_onload.svg": "SVG",
    "svg_script.svg": "SVG",
    "truncated.jpg": "cut off",
    "zero_bytes.jpg": "empty",
    "jpeg_then_html.jpg": None,
    "jpeg_then_zip.jpg": None,
    "jpeg_comment_php.jpg": None,
    "exif_markup.jpg": None,
    "png_bomb_12000x12000_1bit.png": "larger than 50 megapixels",
    "png_claims_60000x60000.png": "larger than 50 megapixels",
    "png_ztxt_64MiB.png": "damaged",
    "zip_1000_to_1.zip": "ZIP",
    "xlsx_bomb.xlsx": "Excel (XLSX)",
    "mp4_is_html.mp4": "video",
    "xxe.xml": "not a picture",
    "formulas.csv": "not a picture",
    "utf16_bom.csv": "not a picture",
    "nul_bytes.csv": "not a picture",
    "one_huge_field.csv": "not a picture",
}


def test_the_list_of_hostile_files_is_whole(shared_data):
    with open(shared_data / "hostile" / "index.csv", encoding="utf-8") as file:
        assert {row["file"] for row in csv.DictReader(file)} - {"file_names.json"} == set(HOSTILE)


@pytest.mark.parametrize(("name", "reason"), HOSTILE.items())
def test_every_hostile_file_gets_the_outcome_its_index_names(shared_data, name, reason):
    data = (shared_data / "hostile" / name).read_bytes()
    if reason is None:
        assert_clean(clean(data))
    else:
        assert reason in refused(data)


# -- bounds --

BOUNDED = """
import resource, sys
from intrakraft.adapters import images
megabytes, warm, *files = sys.argv[1:]
images.clean(open(warm, "rb").read())
now = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmSize"))
limit = now + int(megabytes) * 1024 * 1024
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for file in files:
    try:
        cleaned = images.clean(open(file, "rb").read())
        print(cleaned.width, cleaned.height)
    except images.Unreadable as refusal:
        print(refusal.message % refusal.params, type(refusal.__cause__).__name__)
"""


@pytest.fixture
def within(tmp_path):
    """Cleans files in a process that may take so many MiB more than it had after a first small picture."""
    warm = tmp_path / "warm"
    warm.write_bytes(saved(photograph(50, 50), "PNG"))

    def within(megabytes, *uploads):
        files = [tmp_path / f"{number}" for number, _ in enumerate(uploads)]
        for file, data in zip(files, uploads, strict=True):
            file.write_bytes(data)
        command = [sys.executable, "-c", BOUNDED, str(megabytes), str(warm), *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return within


def test_bombs_are_refused_on_their_header_in_little_memory(shared_data, within):
    names = ("png_bomb_12000x12000_1bit.png", "png_claims_60000x60000.png", "png_ztxt_64MiB.png")
    pixels, claim, text = within(24, *((shared_data / "hostile" / name).read_bytes() for name in names))
    assert pixels == claim == "This picture is larger than 50 megapixels. Send a smaller copy. DecompressionBombError"
    assert text.endswith("ValueError"), "the text was to be stopped by its limit, not by lack of memory"


def claiming(format, side):
    """A small picture whose header says it has `side` pixels a side."""
    data = bytearray(saved(Image.new("RGB", (64, 64), "red"), format))
    if format == "JPEG":
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = struct.pack(">HH", side, side)
    elif format == "PNG":
        data[16:24] = struct.pack(">II", side, side)
        data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    elif format == "GIF":
        data[6:10] = struct.pack("<HH", side, side)
    elif format == "BMP":
        data[18:26] = struct.pack("<ii", side, side)
    elif format == "AVIF":
        at = data.index(b"ispe") + 8
        data[at : at + 8] = struct.pack(">II", side, side)
    elif format == "WEBP":
        at = data.index(b"\x9d\x01\x2a") + 3
        data[at : at + 4] = struct.pack("<HH", side, side)
    return bytes(data)


def bare_webp(kind, body):
    chunk = kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def test_no_format_sets_memory_aside_for_a_claim(within):
    formats = [claiming(format, 60_000) for format in ("JPEG", "PNG", "GIF", "BMP")]
    formats += [claiming(format, 16_000) for format in ("AVIF", "WEBP")]
    extended = bare_webp(b"VP8X", b"\x10\0\0\0" + b"\xff\xff\x00" * 2)
    lossless = bare_webp(b"VP8L", b"\x2f" + struct.pack("<I", 0x3FFF | 0x3FFF << 14))
    outcomes = within(24, *formats, extended, lossless)
    assert len(outcomes) == 8
    assert [line for line in outcomes if not line.startswith("This picture is larger than ")] == []


@pytest.mark.parametrize(("format", "side", "most"), [("WEBP", 4500, 20), ("AVIF", 4500, 20), ("PNG", 7100, 50)])
def test_hungry_decoders_get_smaller_pictures(format, side, most):
    assert refused(claiming(format, side)) == f"This picture is larger than {most} megapixels. Send a smaller copy."


def test_a_jpeg_of_a_thousand_passes_is_refused_at_once():
    data = saved(photograph(), "JPEG", progressive=True)
    first = data.index(b"\xff\xda")
    scan = data[first : data.index(b"\xff", first + 40)]
    assert refused(data[:first] + scan * 1000 + data[first:]) == (
        "This picture is cut off or damaged. Choose it again, or take the photo again."
    )


@pytest.mark.parametrize(
    ("mode", "size", "format", "megabytes"),
    [
        ("RGB", (8000, 6250), "JPEG", 120),
        ("RGBA", (8000, 6250), "PNG", 260),
        ("P", (8000, 6250), "GIF", 160),
        ("RGB", (5000, 4000), "WEBP", 360),
        ("RGB", (5000, 4000), "AVIF", 260),
    ],
)
def test_the_largest_picture_allowed_is_cleaned_in_bounded_memory(within, mode, size, format, megabytes):
    options = {"PNG": {"compress_level": 1}, "WEBP": {"method": 0}, "AVIF": {"speed": 10}}.get(format, {})
    (outcome,) = within(megabytes, saved(Image.new(mode, size), format, **options))
    assert outcome in ("2048 1600", "2048 1638")


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP"])
def test_broken_files_end_in_a_picture_or_a_sentence(format):
    dice = random.Random(format)
    whole = saved(photograph(90, 60), format)
    for _ in range(40):
        data = bytearray(whole[: dice.randrange(8, len(whole))] if dice.random() < 0.3 else whole)
        for _ in range(dice.randrange(1, 12)):
            data[dice.randrange(4, len(data))] = dice.randrange(256)
        try:
            assert_clean(clean(bytes(data)))
        except Unreadable as refusal:
            assert refusal.problems["photos"]


# -- likeness --


def test_the_same_picture_packed_anew_is_alike_and_another_is_not(shared_data):
    path = shared_data / "media" / "photos" / "sylius_mugs.jpg"
    one = clean(path.read_bytes())
    again = clean(one.rendition(PAGE, "image/webp").data)
    other = clean((shared_data / "media" / "photos" / "sylius_cap_04.jpg").read_bytes())
    assert unlikeness(one.dhash, again.dhash) <= 6
    assert unlikeness(one.dhash, other.dhash) > 15
    assert -(2**63) <= one.dhash < 2**63


def test_unlikeness_counts_bits_of_signed_numbers():
    assert (unlikeness(-1, 0), unlikeness(-1, -1), unlikeness(0, 5), unlikeness(-(2**63), 2**63 - 1)) == (64, 0, 2, 64)


def test_limits_are_set_in_the_decoder_as_well():
    from PIL import ImageFile, PngImagePlugin

    assert Image.MAX_IMAGE_PIXELS * 2 == images.MOST_PIXELS == 50_000_000
    assert PngImagePlugin.MAX_TEXT_MEMORY <= 8 * 1024 * 1024
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
