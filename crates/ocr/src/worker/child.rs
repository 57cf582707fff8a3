//! The worker's side: reads documents from standard input, answers on standard output.

use std::io::{self, BufReader, BufWriter};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Answer, Progress, Setup, frame};
use crate::error::OcrError;
use crate::intake::Unreadable;
use crate::reader::Reader;
use crate::reading::Reading;

/// Stack of the thread that parses: deep nesting must not be what ends a document.
const STACK: usize = 64 * 1024 * 1024;

/// Serves documents until standard input ends. Nothing else may write to standard output meanwhile.
///
/// # Errors
/// When the pipes to the server break or the setup is not understood.
pub fn run() -> io::Result<()> {
    let thread = std::thread::Builder::new().name("ocr-worker".to_owned()).stack_size(STACK).spawn(serve)?;
    thread.join().unwrap_or_else(|_| Err(io::Error::other("the worker thread panicked")))
}

fn serve() -> io::Result<()> {
    // A panic is caught and answered; its text may quote the document and is not printed.
    std::panic::set_hook(Box::new(|_| {}));
    let mut input = BufReader::new(io::stdin());
    let mut output = BufWriter::new(io::stdout());
    let Some(setup) = frame::read(&mut input)? else { return Ok(()) };
    let setup: Setup = serde_json::from_slice(&setup)?;
    bound_memory(setup.memory_mb)?;
    let (mut reader, missing) = open(&setup);
    while let Some(document) = frame::read(&mut input)? {
        let mut tell = |pages, of| {
            let progress = Answer::Progress(Progress { pages, of });
            // A broken pipe shows when the answer is written.
            let _ = serde_json::to_vec(&progress).map(|bytes| frame::write(&mut output, &bytes));
        };
        let answer = answer(&mut reader, missing.as_deref(), &document, &mut tell);
        frame::write(&mut output, &serde_json::to_vec(&answer)?)?;
    }
    Ok(())
}

fn answer(reader: &mut Reader, missing: Option<&str>, document: &[u8], tell: &mut dyn FnMut(usize, usize)) -> Answer {
    let read = catch_unwind(AssertUnwindSafe(|| reader.pages_telling(document, tell).map(Reading::of)));
    match read {
        Ok(Ok(reading)) => Answer::Read(Box::new(reading)),
        Ok(Err(OcrError::RecogniserUnavailable { reason })) => {
            Answer::Unavailable(missing.map_or(reason, str::to_owned))
        }
        Ok(Err(error)) => Answer::Failed(error.to_string()),
        Err(_) => Answer::Read(Box::new(Reading::unreadable(Unreadable::Corrupt))),
    }
}

/// The reader, and why it cannot recognise if it cannot.
#[cfg(feature = "recognise")]
fn open(setup: &Setup) -> (Reader, Option<String>) {
    let Some(models) = &setup.models else {
        return (Reader::new(setup.limits, None), Some("no recognition models are configured".to_owned()));
    };
    match crate::recognise::PpOcr::load(models, setup.threads) {
        Ok(recogniser) => (Reader::new(setup.limits, Some(Box::new(recogniser))), None),
        Err(error) => (Reader::new(setup.limits, None), Some(error.to_string())),
    }
}

#[cfg(not(feature = "recognise"))]
fn open(setup: &Setup) -> (Reader, Option<String>) {
    (Reader::new(setup.limits, None), Some("this build has no recognition".to_owned()))
}

/// Past the limit an allocation fails and the process ends; the server starts another.
#[cfg(unix)]
fn bound_memory(megabytes: u64) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    if megabytes == 0 {
        return Ok(());
    }
    let wanted = megabytes.saturating_mul(1024 * 1024);
    let maximum = getrlimit(Resource::As).maximum.map_or(wanted, |maximum| maximum.min(wanted));
    setrlimit(Resource::As, Rlimit { current: Some(maximum), maximum: Some(maximum) })?;
    // A dump of a dying worker would hold the document.
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    Ok(())
}

#[cfg(not(unix))]
fn bound_memory(_: u64) -> io::Result<()> {
    Ok(())
}
