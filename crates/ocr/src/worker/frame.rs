//! Frames between server and worker: a length of four bytes, big end first, then the bytes.

use std::io::{self, Read, Write};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Longest frame either side takes: the largest document, or the longest text.
const MAX_FRAME: usize = 256 * 1024 * 1024;

fn length(bytes: &[u8]) -> io::Result<[u8; 4]> {
    let too_long = || io::Error::new(io::ErrorKind::InvalidInput, "frame too long");
    if bytes.len() > MAX_FRAME {
        return Err(too_long());
    }
    u32::try_from(bytes.len()).map(u32::to_be_bytes).map_err(|_| too_long())
}

fn checked(header: [u8; 4]) -> io::Result<usize> {
    let length = u32::from_be_bytes(header) as usize;
    if length > MAX_FRAME {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "frame too long"));
    }
    Ok(length)
}

/// Writes one frame and flushes it.
pub fn write(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(&length(bytes)?)?;
    out.write_all(bytes)?;
    out.flush()
}

/// Reads one frame; `None` at the end of the stream.
pub fn read(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut header = [0; 4];
    match input.read_exact(&mut header) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut bytes = vec![0; checked(header)?];
    input.read_exact(&mut bytes)?;
    Ok(Some(bytes))
}

/// As [`write`], for the server's side.
pub async fn send(out: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    out.write_all(&length(bytes)?).await?;
    out.write_all(bytes).await?;
    out.flush().await
}

/// As [`read`], for the server's side; the end of the stream is an error.
pub async fn receive(input: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut header = [0; 4];
    input.read_exact(&mut header).await?;
    let mut bytes = vec![0; checked(header)?];
    input.read_exact(&mut bytes).await?;
    Ok(bytes)
}
