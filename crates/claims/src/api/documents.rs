//! A claim's document, whole or in part, for a viewer inside the page.

use std::io::SeekFrom;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::{ApiError, App, ErrorKind};
use crate::domain::DocumentInfo;
use crate::store::OpenDocument;

/// The document, by its content's type. Answers one `Range`; several ranges get the whole file.
#[utoipa::path(get, path = "/api/v1/documents/{id}/view", params(("id" = String, Path)), responses((status = 200), (status = 206), (status = 304), (status = 404), (status = 416)))]
pub async fn view(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    let claim = app.existing_claim(&id).await?;
    let info = claim.document;
    let etag = format!("\"{}\"", info.sha256);
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|tag| tag.trim() == etag || tag.trim() == "*")) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    let opened = app.documents.read(&info.sha256).await?;
    let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let if_range = headers.get(header::IF_RANGE).and_then(|value| value.to_str().ok());
    let range = range.filter(|_| if_range.is_none_or(|tag| tag == etag));
    let part = part_of(range, opened.size_bytes);
    let mut response = match part {
        Part::Whole => Body::from_stream(ReaderStream::new(opened.file)).into_response(),
        Part::Bytes { first, last } => partial(opened, first, last).await?,
        Part::Outside => {
            let error = ApiError::new(ErrorKind::RangeNotSatisfiable, "Range: starts after the end of the document");
            let mut response = error.into_response();
            set(&mut response, header::CONTENT_RANGE, &format!("bytes */{}", info.size_bytes));
            return Ok(response);
        }
    };
    describe(&mut response, &info, &etag);
    if matches!(part, Part::Whole) {
        set(&mut response, header::CONTENT_LENGTH, &info.size_bytes.to_string());
    }
    Ok(response)
}

async fn partial(mut opened: OpenDocument, first: u64, last: u64) -> Result<Response, ApiError> {
    let unreadable = |error: std::io::Error| crate::store::DocumentStoreError::Io(error);
    opened.file.seek(SeekFrom::Start(first)).await.map_err(unreadable)?;
    let length = last - first + 1;
    let body = Body::from_stream(ReaderStream::new(opened.file.take(length)));
    let mut response = (StatusCode::PARTIAL_CONTENT, body).into_response();
    set(&mut response, header::CONTENT_RANGE, &format!("bytes {first}-{last}/{}", opened.size_bytes));
    set(&mut response, header::CONTENT_LENGTH, &length.to_string());
    Ok(response)
}

/// The headers that keep a hostile document from acting as a page of ours.
fn describe(response: &mut Response, info: &DocumentInfo, etag: &str) {
    let shown = info.media_type != "application/octet-stream";
    let disposition = if shown { "inline" } else { "attachment" };
    let name = utf8_percent_encode(&info.filename, NAME_SAFE);
    set(response, header::CONTENT_TYPE, &info.media_type);
    set(response, header::CONTENT_DISPOSITION, &format!("{disposition}; filename*=UTF-8''{name}"));
    set(response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(response, header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; sandbox");
    set(response, header::ACCEPT_RANGES, "bytes");
    set(response, header::CACHE_CONTROL, "private, no-cache");
    set(response, header::ETAG, etag);
}

const NAME_SAFE: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'\'').add(b'(').add(b')').add(b',').add(b';').add(b'%').add(b'*').add(b'\\');

fn set(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole,
    /// Both included.
    Bytes {
        first: u64,
        last: u64,
    },
    Outside,
}

/// Reads `bytes=a-b`, `bytes=a-` and `bytes=-n`; what it does not understand is ignored, as HTTP asks.
fn part_of(range: Option<&str>, size: u64) -> Part {
    let Some(spec) = range.and_then(|range| range.trim().strip_prefix("bytes=")) else { return Part::Whole };
    let Some((first, last)) = spec.trim().split_once('-') else { return Part::Whole };
    match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(first), _) if first >= size => Part::Outside,
        (Ok(first), Ok(last)) if last >= first => Part::Bytes { first, last: last.min(size - 1) },
        (Ok(first), Err(_)) if last.trim().is_empty() => Part::Bytes { first, last: size - 1 },
        (Err(_), Ok(0)) if first.trim().is_empty() => Part::Outside,
        (Err(_), Ok(_)) if first.trim().is_empty() && size == 0 => Part::Outside,
        (Err(_), Ok(length)) if first.trim().is_empty() => {
            Part::Bytes { first: size.saturating_sub(length), last: size - 1 }
        }
        _ => Part::Whole,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_are_read_as_http_says() {
        let cases = [
            (None, 10, Part::Whole),
            (Some("bytes=0-3"), 10, Part::Bytes { first: 0, last: 3 }),
            (Some("bytes=5-"), 10, Part::Bytes { first: 5, last: 9 }),
            (Some("bytes=-4"), 10, Part::Bytes { first: 6, last: 9 }),
            (Some("bytes=-40"), 10, Part::Bytes { first: 0, last: 9 }),
            (Some("bytes=3-99"), 10, Part::Bytes { first: 3, last: 9 }),
            (Some("bytes=10-"), 10, Part::Outside),
            (Some("bytes=-0"), 10, Part::Outside),
            (Some("bytes=0-"), 0, Part::Outside),
            (Some("bytes=-5"), 0, Part::Outside),
            (Some("bytes=5-3"), 10, Part::Whole),
            (Some("bytes=0-1,4-5"), 10, Part::Whole),
            (Some("lines=0-1"), 10, Part::Whole),
        ];
        for (range, size, expected) in cases {
            assert_eq!(part_of(range, size), expected, "{range:?} of {size}");
        }
    }

    proptest! {
        #[test]
        fn no_range_leaves_the_document(text in "bytes=[0-9,-]{0,24}", size in 0u64..50) {
            if let Part::Bytes { first, last } = part_of(Some(&text), size) {
                prop_assert!(first <= last && last < size);
            }
        }
    }
}
