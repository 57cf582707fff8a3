//! Files made to break readers: cut off, locked, blown up, running in circles. Each gets an answer, and its own.

mod support;

use std::path::PathBuf;

use image::ImageFormat;
use ocr::{Limits, OcrError, Pool, Reader, Unreadable, WorkerConfig};
use support::{
    Blind, CATALOG, PAGE, PAGES, bomb, damaged, document, encoded, fax, form, jpeg_of_size, pdf, pdf_with, png_of_size,
    stream, with_orientation,
};

/// Reads with a recogniser that sees a line on every page, so that only opening can fail.
fn opened(bytes: &[u8]) -> ocr::Opened {
    Reader::new(Limits::default(), Some(Box::new(Blind))).pages(bytes).expect("an answer")
}

fn reason(bytes: &[u8]) -> Option<&'static str> {
    opened(bytes).err().map(Unreadable::code)
}

fn sound() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("pdf", form()),
        ("png", encoded(ImageFormat::Png)),
        ("jpeg", encoded(ImageFormat::Jpeg)),
        ("tiff", encoded(ImageFormat::Tiff)),
        ("fax", fax(3, 64, 64, 0)),
    ]
}

#[test]
fn every_kind_of_file_is_read_by_its_content() {
    for (name, file) in sound() {
        let document = opened(&file).unwrap_or_else(|reason| panic!("{name}: {reason:?}"));
        assert_eq!(document.pages.len(), if name == "fax" { 3 } else { 1 }, "{name}");
        assert_eq!(document.details.len(), document.pages.len(), "{name}");
        for (page, detail) in document.pages.iter().zip(&document.details) {
            assert_eq!(page.lines.len(), detail.lines.len(), "{name}");
        }
    }
}

#[test]
fn exif_tells_which_side_is_up() {
    let jpeg = encoded(ImageFormat::Jpeg);
    for (orientation, size) in [(1, "120 by 80"), (3, "120 by 80"), (6, "80 by 120"), (8, "80 by 120")] {
        let document = opened(&with_orientation(&jpeg, orientation)).expect("readable");
        assert_eq!(document.pages[0].text(), format!("page of {size}"), "{orientation}");
    }
}

#[test]
fn each_failure_has_its_own_reason() {
    let standard = "/Encrypt<</Filter/Standard/V 1/R 2/P -4/O(01234567890123456789012345678901)/U(x1234567890123456789012345678901)>>/ID[(0123456789abcdef)(0123456789abcdef)]";
    let png = encoded(ImageFormat::Png);
    let jpeg = encoded(ImageFormat::Jpeg);
    let many: String = (3..54).map(|n| format!("{n} 0 R ")).collect();
    let mut pages = vec![CATALOG.to_vec(), format!("<</Type/Pages/Kids[{many}]/Count 51>>").into_bytes()];
    pages.extend((3..54).map(|_| b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>".to_vec()));
    let wide = PAGE.replace("[0 0 595 842]", "[0 0 595 9999]");
    let cases = [
        ("nothing", Vec::new(), "empty"),
        ("a header alone", b"%PDF-1.7\n".to_vec(), "corrupt"),
        ("words", b"this is no document\n".repeat(9), "unsupported_type"),
        ("a zip", b"PK\x03\x04 and more".to_vec(), "unsupported_type"),
        ("locked", pdf_with(&[CATALOG.to_vec(), PAGES.to_vec(), PAGE.as_bytes().to_vec()], standard), "encrypted"),
        ("51 pages", pdf(&pages), "too_many_pages"),
        ("51 faxes", fax(51, 64, 64, 0), "too_many_pages"),
        ("three and a half metres", document(&wide, b"", &[]), "page_too_large"),
        ("png of 65,000 pixels", png_of_size(&png, 65_000, 65_000), "page_too_large"),
        ("jpeg of 65,000 pixels", jpeg_of_size(&jpeg, 65_000, 65_000), "page_too_large"),
        ("fax of 65,000 pixels", fax(1, 65_000, 65_000, 0), "page_too_large"),
        ("a fax whose second page is the first", fax(1, 64, 64, 8), "corrupt"),
        ("half a png", png[..png.len() / 2].to_vec(), "corrupt"),
        ("no letters", document("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>", b"", &[]), "no_text"),
    ];
    for (name, file, expected) in cases {
        assert_eq!(reason(&file), Some(expected), "{name}");
    }
    let small = Limits { max_bytes: 100, ..Limits::default() };
    let large = Reader::new(small, None).pages(&form()).expect("an answer").expect_err("too large");
    assert_eq!(large, Unreadable::TooLarge);
}

#[test]
fn a_missing_page_is_not_passed_over() {
    let file = fax(3, 64, 64, 0);
    // The third directory promises a coding that does not exist.
    let mut broken = file.clone();
    let at = file.windows(4).rposition(|tag| tag == [0x03, 0x01, 0x03, 0x00]).expect("the coding");
    broken[at + 8] = 0x77;
    assert_eq!(reason(&broken), Some("corrupt"));
}

/// Pages that draw themselves, nest without end, or promise more than they hold.
fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let picture = |entries: &str, data: &[u8]| {
        let entries = format!("/Type/XObject/Subtype/Image{entries}");
        document(PAGE, b"100 0 0 100 0 0 cm /X Do", &[stream(data, &entries)])
    };
    let looped = "/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 5 0 R>>>>";
    let nested = format!("<</Type/Page/Parent 2 0 R/MediaBox {}{}>>", "[".repeat(50_000), "]".repeat(50_000));
    let field = "<</Type/Annot/Subtype/Widget/FT/Tx/Rect[9 9 99 29]/V(text)/Parent 5 0 R>>";
    let noted = PAGE.replace("/Contents", "/Annots[5 0 R 5 0 R]/Contents");
    vec![
        ("a form that draws itself", document(PAGE, b"/X Do", &[stream(b"/X Do", looped)])),
        (
            "a page tree that is its own branch",
            pdf(&[CATALOG.to_vec(), b"<</Type/Pages/Kids[2 0 R]/Count 1>>".to_vec()]),
        ),
        ("a catalogue of itself", pdf(&[b"<</Type/Catalog/Pages 1 0 R>>".to_vec()])),
        ("deep states", document(PAGE, &b"q ".repeat(100_000), &[])),
        ("deep arrays", document(&nested, b"", &[])),
        ("deep text", document(PAGE, &b"BT ".repeat(50_000), &[])),
        ("a field above itself", document(&noted, b"BT /F 9 Tf (words here) Tj ET", &[field.as_bytes().to_vec()])),
        ("a bomb of paths", {
            let page = stream(&bomb(b"0 0 m 1 1 l S ", 8_000), "/Filter/FlateDecode");
            pdf(&[CATALOG.to_vec(), PAGES.to_vec(), PAGE.as_bytes().to_vec(), page, stream(b"", "")])
        }),
        (
            "a picture of 60,000 pixels",
            picture("/Width 60000/Height 60000/BitsPerComponent 8/ColorSpace/DeviceRGB", b"abc"),
        ),
        (
            "a broken jpeg",
            picture(
                "/Width 9/Height 9/BitsPerComponent 8/ColorSpace/DeviceRGB/Filter/DCTDecode",
                b"\xff\xd8\xff\xe0junk",
            ),
        ),
        (
            "a broken jbig2",
            picture(
                "/Width 9/Height 9/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/JBIG2Decode",
                &b"\0\0\0\x01".repeat(40),
            ),
        ),
        ("a broken jpx", picture("/Width 9/Height 9/Filter/JPXDecode", b"\0\0\0\x0cjP  \r\n\x87\n\x11\x11\x11\x11")),
        (
            "a broken fax",
            picture("/Width 9/Height 9/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/CCITTFaxDecode", &[0x55; 99]),
        ),
        ("a box without end", document(&PAGE.replace("595", "1e38"), b"", &[])),
        (
            "a box that is none",
            document(&PAGE.replace("[0 0 595 842]", "[5 5 5 5]"), b"BT /F 9 Tf (words here) Tj ET", &[]),
        ),
        ("a document twice", [form(), form()].concat()),
        ("junk before", [&b"\0junk\r\n".repeat(40)[..], &form()].concat()),
    ]
}

#[test]
fn hostile_files_get_an_answer() {
    for (name, file) in hostile() {
        // What it says is its own business; that it says something is this test's. `name` is shown when it panics.
        let outcome = std::panic::catch_unwind(|| drop(opened(&file)));
        assert!(outcome.is_ok(), "{name}");
    }
}

#[test]
fn cut_files_get_an_answer() {
    for (name, file) in sound() {
        for tenth in 1..10 {
            let cut = &file[..file.len() * tenth / 10];
            if let Ok(document) = opened(cut) {
                assert!(!document.pages.is_empty(), "{name} at {tenth}");
            }
        }
    }
}

/// `OCR_DAMAGED=100000 cargo test -p ocr --test malformed damaged` looks longer.
#[test]
fn damaged_files_get_an_answer() {
    let cases: u32 = std::env::var("OCR_DAMAGED").ok().and_then(|cases| cases.parse().ok()).unwrap_or(300);
    let files = sound();
    for seed in 0..cases {
        let (_, file) = &files[seed as usize % files.len()];
        if let Ok(document) = opened(&damaged(file, seed, 1 + seed as usize / 7 % 30)) {
            assert_eq!(document.pages.len(), document.details.len(), "seed {seed}");
        }
    }
}

fn worker() -> PathBuf {
    let here = std::env::current_exe().expect("a path");
    let path = here.ancestors().nth(2).expect("a build folder").join("examples/ocr_worker");
    assert!(path.is_file(), "{} is missing: add --examples to the command", path.display());
    path
}

/// A gigabyte of drawing in a process that may take a few seconds and little memory.
#[tokio::test]
async fn a_bomb_costs_its_worker_and_no_more() {
    let program = worker();
    let config = WorkerConfig {
        program: Some(program),
        arguments: Some(Vec::new()),
        seconds_per_document: 3,
        memory_mb: 1024,
        ..WorkerConfig::default()
    };
    let pool = Pool::new(config, Limits::default(), None);
    let page = stream(&bomb(b"0 0 m 1 1 l S ", 4_000_000), "/Filter/FlateDecode");
    let file = pdf(&[CATALOG.to_vec(), PAGES.to_vec(), PAGE.as_bytes().to_vec(), page, stream(b"", "")]);
    match pool.read(&file).await {
        Ok(reading) => assert!(!reading.document.readable),
        Err(error) => assert!(matches!(error, OcrError::Timeout { .. }), "{error}"),
    }
    let next = pool.read(&form()).await.expect("a reading");
    assert!(next.document.readable);
}
