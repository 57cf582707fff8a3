//! A worker process for tests and experiments: what the executable is under `ocr-worker`.

fn main() -> std::io::Result<()> {
    ocr::worker::run()
}
