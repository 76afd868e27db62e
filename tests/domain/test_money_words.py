"""Amounts in words, as they stand at the foot of a bill."""

import pytest

from intrakraft.domain.money import amount_in_words, number_in_words

pytestmark = pytest.mark.criterion("U2")


@pytest.mark.parametrize(
    ("paise", "english", "hindi"),
    [
        (0, "zero rupees", "शून्य रुपये"),
        (1, "one paisa", "एक पैसा"),
        (100, "one rupee", "एक रुपया"),
        (1_99, "one rupee and ninety-nine paise", "एक रुपया निन्यानवे पैसे"),
        (1_15_000_00, "one lakh fifteen thousand rupees", "एक लाख पंद्रह हज़ार रुपये"),
        (2_00_00_100_00, "two crore one hundred rupees", "दो करोड़ एक सौ रुपये"),
        (
            12_34_567_50,
            "twelve lakh thirty-four thousand five hundred sixty-seven rupees and fifty paise",
            "बारह लाख चौंतीस हज़ार पाँच सौ सड़सठ रुपये पचास पैसे",
        ),
        (-5_00, "minus five rupees", "ऋण पाँच रुपये"),
    ],
)
def test_amount_in_words(paise: int, english: str, hindi: str) -> None:
    assert amount_in_words(paise) == english
    assert amount_in_words(paise, "hi_IN") == hindi


@pytest.mark.parametrize("language", ["en", "hi"])
def test_no_two_numbers_share_their_words(language: str) -> None:
    assert len({number_in_words(number, language) for number in range(2000)}) == 2000


def test_crores_are_counted_in_crores() -> None:
    assert number_in_words(12_345_00_00_000) == "twelve thousand three hundred forty-five crore"


def test_a_language_without_words_gets_english() -> None:
    assert amount_in_words(100, "ta") == "one rupee"


def test_a_negative_number_has_no_words() -> None:
    with pytest.raises(ValueError, match="not negative"):
        number_in_words(-1)
