//! Prints the text of documents: `read_text MODELS FILE...`. With `--json DIR` the pages are kept as JSON.
#![allow(clippy::print_stdout, reason = "a command-line tool")]

use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let keep = args.iter().position(|arg| arg == "--json").map(|n| {
        args.remove(n);
        args.remove(n)
    });
    let models = Path::new(&args[0]);
    let files = ocr::ModelFiles {
        detector: models.join("PP-OCRv6_det_small.onnx"),
        recogniser: models.join("PP-OCRv6_rec_small.onnx"),
        dictionary: None,
    };
    let recogniser = ocr::recognise::PpOcr::load(&files, 2)?;
    let mut reader = ocr::Reader::new(ocr::Limits::default(), Some(Box::new(recogniser)));
    for file in &args[1..] {
        let start = Instant::now();
        let opened = reader.pages(&std::fs::read(file)?)?;
        println!("=== {file} {:.1} s", start.elapsed().as_secs_f32());
        match opened {
            Err(reason) => println!("unreadable: {}", reason.code()),
            Ok(document) => {
                for page in &document.pages {
                    println!("--- page {} turned {} confidence {:?}", page.number, page.turned, page.confidence());
                    println!("{}", page.text());
                    println!("hidden: {:?}", page.hidden);
                }
                println!("asides: {:?}", document.asides);
                if let Some(folder) = &keep {
                    let name = Path::new(file).file_stem().unwrap_or_default().to_string_lossy().into_owned();
                    let json = serde_json::json!({"pages": document.pages, "asides": document.asides});
                    std::fs::write(Path::new(folder).join(name + ".json"), json.to_string())?;
                }
            }
        }
    }
    Ok(())
}
