//! The embedded fonts. System fonts are never used: a quote looks the same on every machine.

use std::sync::LazyLock;

use typst::foundations::Bytes;
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;

macro_rules! font_files {
    ($($name:literal),* $(,)?) => { [$(include_bytes!(concat!("../fonts/", $name)).as_slice()),*] };
}

static FILES: [&[u8]; 11] = font_files![
    "Inter-Regular.otf",
    "Inter-SemiBold.otf",
    "NotoSansArabic-Regular.ttf",
    "NotoSansArabic-Bold.ttf",
    "NotoSansArmenian-Regular.ttf",
    "NotoSansCJKjp-Regular.otf",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSansGeorgian-Regular.ttf",
    "NotoSansHebrew-Regular.ttf",
    "NotoSansHebrew-Bold.ttf",
    "NotoSansThai-Regular.ttf",
];

/// The fonts, in the order of [`BOOK`].
pub(crate) static FONTS: LazyLock<Vec<Font>> =
    LazyLock::new(|| FILES.iter().filter_map(|file| Font::new(Bytes::new(*file), 0)).collect());

/// What the fonts are called and which characters they have.
pub(crate) static BOOK: LazyLock<LazyHash<FontBook>> =
    LazyLock::new(|| LazyHash::new(FontBook::from_fonts(FONTS.iter())));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_font() {
        assert_eq!(FONTS.len(), FILES.len());
    }

    #[test]
    fn names_of_many_scripts_have_glyphs() {
        let names = [
            "Łukasz Ångström-Çelik, Nguyễn Thị Hồng, Straße ẞ, Ørsted & Æbelø “O’Brien” – €£¥₹₩₪₫₺₽ 1½ № ™ →",
            "Ελληνική Εταιρεία Πληροφορικής Ά. Ε.",
            "ООО «Ромашка» Щербаков Їжак Ђорђевић",
            "חברת התוכנה הישראלית בע״מ שָׁלוֹם",
            "شركة الخليج للتقنية ذ.م.م پارسی گچ ٠١٢٣",
            "株式会社日本情報サービス 山﨑 髙橋 渡邊 𠮷野家 ㈱",
            "北京华为信息技术有限公司 赵钱孙李",
            "臺灣積體電路製造股份有限公司 鄭謝",
            "주식회사 한국정보통신 홍길동 쀍 뷁",
            "บริษัท ไทยเทคโนโลยี จำกัด",
            "भारत सूचना प्रौद्योगिकी ₹",
            "ՀԱՅԿԱԿԱՆ ընկերություն",
            "საქართველოს კომპანია",
        ];
        for character in names.iter().flat_map(|name| name.chars()) {
            let covered = FONTS.iter().any(|font| font.info().coverage.contains(u32::from(character)));
            assert!(covered, "no embedded font has {character:?}");
        }
    }
}
