//! Bodies of requests: within bounds of size, memory, time and shape, or a clear refusal.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::refusal::Refusal;

/// Memory for bodies is given out in pieces of this size.
const PIECE: u64 = 16 * 1024;

/// A value takes this much more than its text, on the average: what a body of the largest size may become is bounded with it.
const MOST_VALUES: usize = 500_000;

/// No input of an action nests anywhere near as deep.
const DEEPEST: usize = 64;

/// Of a body that is too large, this much is still read and forgotten, so that its client gets to read the answer.
const FORGOTTEN: u64 = 256 * 1024 * 1024;

/// A body that takes longer to read than this is read where it holds up no other request.
const LONG: usize = 64 * 1024;

/// What bodies may take.
#[derive(Debug)]
pub struct Bodies {
    memory: Arc<Semaphore>,
    largest: u64,
    timeout: Duration,
}

/// A JSON value, and its share of the memory until the request is done.
#[derive(Debug)]
pub struct Input {
    pub value: Value,
    _share: OwnedSemaphorePermit,
}

impl Bodies {
    pub fn new(memory: u64, largest: u64, timeout: Duration) -> Self {
        let pieces = usize::try_from(memory.div_ceil(PIECE)).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self { memory: Arc::new(Semaphore::new(pieces)), largest, timeout }
    }

    /// Reads the body of a request as JSON.
    pub async fn json(&self, request: Request<Body>) -> Result<Input, Refusal> {
        if !is_json(request.headers()) {
            return Err(Refusal::not_json());
        }
        let (bytes, share) = match tokio::time::timeout(self.timeout, self.read(request)).await {
            Ok(read) => read?,
            Err(_) => return Err(Refusal::too_slow()),
        };
        let value = if bytes.len() > LONG {
            let parsed = tokio::task::spawn_blocking(move || parse(&bytes)).await;
            parsed.map_err(|_| Refusal::busy("The body could not be read. Try again."))??
        } else {
            parse(&bytes)?
        };
        Ok(Input { value, _share: share })
    }

    async fn read(&self, request: Request<Body>) -> Result<(Bytes, OwnedSemaphorePermit), Refusal> {
        let announced =
            request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let asks_first = request.headers().contains_key(EXPECT);
        let mut body = request.into_body();
        let begun = match announced {
            Some(length) if length > self.largest => Err(Refusal::too_large(self.largest)),
            length => self.share(length.unwrap_or(0).div_ceil(PIECE).max(1)),
        };
        let mut share = match begun {
            Ok(share) => share,
            Err(refusal) => {
                // A client that waits for a word before it sends is not given that word.
                if !asks_first {
                    forget(&mut body, 0).await;
                }
                return Err(refusal);
            }
        };
        let mut bytes = Vec::with_capacity(announced.and_then(|length| usize::try_from(length).ok()).unwrap_or(0));
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Refusal::invalid("The body ended early."))?;
            let Ok(data) = frame.into_data() else { continue };
            let length = (bytes.len() + data.len()) as u64;
            if length > self.largest {
                drop((bytes, share));
                forget(&mut body, length).await;
                return Err(Refusal::too_large(self.largest));
            }
            let held = share.num_permits() as u64 * PIECE;
            if length > held {
                share.merge(self.share((length - held).div_ceil(PIECE))?);
            }
            bytes.extend_from_slice(&data);
        }
        Ok((bytes.into(), share))
    }

    fn share(&self, pieces: u64) -> Result<OwnedSemaphorePermit, Refusal> {
        let pieces = u32::try_from(pieces).unwrap_or(u32::MAX);
        let share = self.memory.clone().try_acquire_many_owned(pieces);
        share.map_err(|_| Refusal::busy("The server is reading as many large bodies as it can. Try again."))
    }
}

/// Reads on without keeping anything.
async fn forget(body: &mut Body, mut read: u64) {
    while read < FORGOTTEN
        && let Some(Ok(frame)) = body.frame().await
    {
        read += frame.data_ref().map_or(0, |data| data.len() as u64);
    }
}

/// A body without a type is taken for JSON.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else { return true };
    let Ok(text) = value.to_str() else { return false };
    let kind = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn parse(bytes: &[u8]) -> Result<Value, Refusal> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Refusal::invalid(format!("The body is not UTF-8: byte {} is wrong.", error.valid_up_to())))?;
    if text.trim_ascii().is_empty() {
        return Err(Refusal::invalid("The body is empty. Send the input as JSON; an input without fields is {}."));
    }
    shape(text)?;
    serde_json::from_str(text).map_err(|error| Refusal::invalid(format!("The body is not valid JSON: {error}.")))
}

/// Bounds what a text becomes before it becomes anything: brackets that nest, and values.
fn shape(text: &str) -> Result<(), Refusal> {
    let (mut depth, mut values, mut quoted, mut escaped) = (0_usize, 0_usize, false, false);
    for byte in text.bytes() {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'[' | b'{' => {
                depth += 1;
                values += 1;
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        if depth > DEEPEST {
            return Err(Refusal::invalid(format!("The body nests deeper than {DEEPEST} levels.")));
        }
        if values > MOST_VALUES {
            return Err(Refusal::invalid(format!("The body has more than {MOST_VALUES} values.")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What would take much memory or stack is refused before it is parsed; what only looks like it is not.
    #[test]
    fn shapes_are_bounded_before_they_are_parsed() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(nested(DEEPEST).as_bytes()).is_ok());
        assert!(parse(nested(DEEPEST + 1).as_bytes()).is_err());
        assert!(parse(nested(1_000_000).as_bytes()).is_err());
        assert!(parse(format!("\"{}\\\"[[\"", "[".repeat(1000)).as_bytes()).is_ok());
        assert!(parse(format!("[{}0]", "0,".repeat(MOST_VALUES)).as_bytes()).is_err());
        assert!(parse(format!("[{}0]", "0,".repeat(MOST_VALUES / 2)).as_bytes()).is_ok());
    }
}
