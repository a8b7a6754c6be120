"""Text in any script: the order of its letters, their forms, and fonts for all of them."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crossdock.papers.shaping import is_rtl, shape, width_of


def drawn(text: str) -> str:
    """Return the texts of the glyphs of a line from left to right."""
    return "".join(glyph.text for run in shape(text) for glyph in run.glyphs)


class TestDirection:
    @pytest.mark.parametrize(
        ("text", "from_left_to_right"),
        [
            ("abc", "abc"),
            ("שלום", "םולש"),
            ("abc שלום def", "abc םולש def"),
            ("שלום abc 12", "abc 12 םולש"),
            ("שלום (אב) ג", "ג )בא( םולש"),  # the brackets are drawn mirrored: see below
            ("abc (שלום) d", "abc (םולש) d"),
            ("דגם X-100 (חדש)", ")שדח( X-100 םגד"),
            ("הזמנה 12,345.60", "12,345.60 הנמזה"),
        ],
    )
    def test_a_line_is_drawn_in_visual_order(self, text: str, from_left_to_right: str) -> None:
        assert drawn(text) == from_left_to_right

    def test_brackets_in_right_to_left_text_are_mirrored(self) -> None:
        (opening,) = shape("(")[0].glyphs
        bracket = next(glyph for run in shape("א(ב)") for glyph in run.glyphs if glyph.text == ")")
        assert bracket.glyph == opening.glyph

    def test_a_paragraph_takes_the_direction_of_its_first_letter(self) -> None:
        assert is_rtl("12 (שלום) abc")
        assert is_rtl("مرحبا")
        assert not is_rtl("abc שלום")
        assert not is_rtl("12 34")

    def test_marks_of_direction_are_followed_and_not_drawn(self) -> None:
        assert drawn("\u202eabc\u202c") == "cba"
        assert drawn("a\u200fb\u2066c\u2069") == "abc"


class TestForms:
    def test_arabic_letters_are_joined(self) -> None:
        joined = [glyph.glyph for run in shape("ببب") for glyph in run.glyphs]
        alone = shape("ب")[0].glyphs[0].glyph
        assert len(set(joined)) == 3
        assert alone not in joined

    def test_lam_and_alef_are_one_glyph_that_stands_for_both(self) -> None:
        assert [glyph.text for run in shape("لا") for glyph in run.glyphs if glyph.text] == ["لا"]

    def test_indic_vowel_signs_are_reordered(self) -> None:
        (run,) = shape("कि")
        assert run.width < width_of("क") + width_of("ि") + 1
        assert len(run.glyphs) == 2

    def test_a_mark_stays_on_its_letter(self) -> None:
        assert width_of("e\u0301") == width_of("é")
        assert width_of("ที่") == width_of("ท")

    def test_bold_is_imitated_where_a_script_has_no_bold_font(self) -> None:
        latin, han = shape("a漢", bold=True)
        assert (latin.font, latin.thicken) == ("sans_bold", False)
        assert (han.font, han.thicken) == ("han", True)


class TestFonts:
    @pytest.mark.parametrize(
        "text",
        [
            "Grüße, Ærøskøbing, Łódź, Đặng", "Ελλάδα", "Москва, Київ", "שָׁלוֹם", "مرحبا", "می‌خواهم", "اردو ٹھیک", "हिन्दी", "বাংলা",
            "ਪੰਜਾਬੀ", "ગુજરાતી", "ଓଡ଼ିଆ", "தமிழ்", "తెలుగు", "ಕನ್ನಡ", "മലയാളം", "සිංහල", "ไทย", "ລາວ", "မြန်မာ", "ខ្មែរ", "ქართული",
            "Հայերեն", "አማርኛ", "简体中文，繁體中文", "日本語カタカナ", "한국어", "€ ₹ ₩ ₪ ₽ ₺ ₫ ₦", "🎁🎂🎉❤😀👍★✓→", "①㎏𝐀𝟏ﬁ",
        ],
    )  # fmt: skip
    def test_every_character_of_a_language_has_a_glyph(self, text: str) -> None:
        assert "\ufffd" not in drawn(text)

    def test_characters_without_a_font_are_one_replacement_character(self) -> None:
        assert drawn("a 𓀀𓀁 b") == "a \ufffd b"

    def test_a_flag_is_the_letters_of_its_country(self) -> None:
        assert drawn("🇨🇦") == "CA"

    def test_controls_are_spaces_and_the_invisible_is_left_out(self) -> None:
        assert drawn("a\x00b\x1bc") == "a b c"
        assert drawn("a\u00ad\ufeff\ufe0fb") == "ab"

    @given(st.text(max_size=40))
    @example("\u0300")
    @example("\u200d\u200c")
    @example("א\u200d(\u2060)")
    @example("\u1100\u1161\u11a8")
    def test_no_text_has_empty_boxes(self, text: str) -> None:
        for bold in (False, True):
            for run in shape(text, bold=bold):
                assert all(glyph.glyph for glyph in run.glyphs)
                assert run.width >= 0

    @given(st.text(st.sampled_from("abc אבגשل مرحبا12(),.-"), max_size=30))
    def test_no_letter_is_lost_whatever_the_directions(self, text: str) -> None:
        assert sorted(drawn(text)) == sorted(unicodedata.normalize("NFC", text))
