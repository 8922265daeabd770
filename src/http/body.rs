//! Request bodies: no larger and no slower than allowed.

use super::{
    problem::{Kind, Problem},
    waiting::Waiting,
};
use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use http_body_util::BodyDataStream;
use hyper::body::Body as _;
use std::{pin::pin, task::Poll, time::Duration};
use warp::{Filter, Rejection};

/// What a body may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The most bytes.
    pub bytes: usize,
    /// Until all of it must be here.
    pub time: Duration,
}

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Larger than [`Limit::bytes`].
    #[error("the body is too large")]
    TooLarge,
    /// Slower than [`Limit::time`].
    #[error("the body did not arrive in time")]
    TooSlow,
    /// The connection broke, or the chunks were malformed.
    #[error("the body ended too early")]
    Broken,
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Problem::new(Kind::TooLarge),
            BodyError::TooSlow => Problem::new(Kind::Timeout),
            BodyError::Broken => Problem::new(Kind::Malformed).detail("the body ended too early"),
        }
    }
}

/// Reads a whole body.
pub async fn read<S, B, E>(body: S, limit: Limit) -> Result<Bytes, BodyError>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    tokio::time::timeout(limit.time, collect(body, limit.bytes)).await.unwrap_or(Err(BodyError::TooSlow))
}

async fn collect<S, B, E>(body: S, most: usize) -> Result<Bytes, BodyError>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    let mut body = pin!(body);
    let mut first = Bytes::new();
    let mut rest: Option<BytesMut> = None;
    while let Some(piece) = body.next().await {
        let mut piece = piece.map_err(|_| BodyError::Broken)?;
        let length = first.len() + rest.as_ref().map_or(0, BytesMut::len) + piece.remaining();
        if length > most {
            return Err(BodyError::TooLarge);
        }
        let bytes = piece.copy_to_bytes(piece.remaining());
        // Nearly every body is one piece, which is then not copied.
        match &mut rest {
            Some(rest) => rest.extend_from_slice(&bytes),
            None if first.is_empty() => first = bytes,
            None => {
                let mut joined = BytesMut::with_capacity(length);
                joined.extend_from_slice(&first);
                joined.extend_from_slice(&bytes);
                first = Bytes::new();
                rest = Some(joined);
            }
        }
    }
    Ok(rest.map_or(first, BytesMut::freeze))
}

/// Reads a whole body under its connection's one timer.
pub(super) async fn read_waiting(
    body: hyper::body::Incoming,
    limit: Limit,
    waiting: &Waiting,
) -> Result<Bytes, BodyError> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let mut reading = pin!(collect(BodyDataStream::new(body), limit.bytes));
    let mut begun = false;
    std::future::poll_fn(|context| {
        let read = reading.as_mut().poll(context);
        match read {
            Poll::Ready(_) => waiting.busy(),
            Poll::Pending if waiting.is_late() => return Poll::Ready(Err(BodyError::TooSlow)),
            Poll::Pending if !begun => {
                begun = true;
                waiting.for_body(limit.time);
            }
            Poll::Pending => {}
        }
        read
    })
    .await
}

/// So many times as much as it may be is read of a body that is too large: a browser hears an answer only behind what it sends.
const PASSED_OVER: usize = 16;

/// A filter that reads the whole body, or says why not, for whoever answers people.
pub(super) fn tried(
    limit: Limit,
) -> impl Filter<Extract = (Result<Bytes, BodyError>,), Error = Rejection> + Copy + Send + Sync {
    warp::body::stream().then(move |body| read_out(body, limit))
}

/// [`read`], but a body that is too large is read on and forgotten, up to a bound.
async fn read_out<S, B, E>(body: S, limit: Limit) -> Result<Bytes, BodyError>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    let mut body = pin!(body);
    let whole = read(body.as_mut(), limit).await;
    if whole == Err(BodyError::TooLarge) {
        let rest = passed_over(body, limit.bytes.saturating_mul(PASSED_OVER));
        // Whoever is too slow for it hears what can be heard.
        let _ = tokio::time::timeout(limit.time, rest).await;
    }
    whole
}

async fn passed_over<S, B, E>(mut body: S, most: usize)
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: Buf,
{
    let mut length = 0;
    while let Some(Ok(piece)) = body.next().await {
        length += piece.remaining();
        if length > most {
            break;
        }
    }
}

/// A filter that reads the whole body; a rejection is a [`Problem`].
pub fn bytes(limit: Limit) -> impl Filter<Extract = (Bytes,), Error = Rejection> + Copy + Send + Sync {
    warp::body::stream().and_then(move |body| async move {
        read(body, limit).await.map_err(|error| warp::reject::custom(Problem::from(error)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    fn pieces(pieces: &[&'static str]) -> impl Stream<Item = Result<Bytes, ()>> {
        stream::iter(pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))).collect::<Vec<_>>())
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_is_whole_or_refused() {
        let limit = Limit { bytes: 6, time: Duration::from_secs(1) };
        assert_eq!(read(pieces(&[]), limit).await, Ok(Bytes::new()));
        assert_eq!(read(pieces(&["ab", "cd", "ef"]), limit).await, Ok(Bytes::from_static(b"abcdef")));
        assert_eq!(read(pieces(&["abc", "defg"]), limit).await, Err(BodyError::TooLarge));
        assert_eq!(read(stream::iter([Ok(Bytes::new()), Err(())]), limit).await, Err(BodyError::Broken));
        assert_eq!(read(stream::pending::<Result<Bytes, ()>>(), limit).await, Err(BodyError::TooSlow));
    }
}
