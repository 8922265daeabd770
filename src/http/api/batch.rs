//! `/v1/resolve/batch`: a question a line in, an answer a line out, as they come.

use super::{
    Api,
    call::{Call, Pieces},
    json,
    reply::Reply,
    resolve::{Question, VerdictView, verdict},
    slot::end_of_slot,
};
use crate::{
    http::problem::{Kind, Problem},
    usecase::keys::Caller,
};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _, stream};
use http::{HeaderValue, header};
use serde::Serialize;
use std::{sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::Instant};
use warp::Reply as _;

/// Longest line, in bytes.
const LONGEST_LINE: usize = 8 * 1_024;

/// How long the next piece of the body may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Answers that wait for a slow reader.
const WAITING: usize = 256;

/// One answered line.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct LineView {
    /// The line of the question, from 1; empty lines count and have no answer.
    line: usize,
    /// The answer.
    #[serde(flatten)]
    #[schema(value_type = Option<VerdictView>)]
    verdict: Option<VerdictView>,
    /// In its place, a problem document about this line.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    error: Option<serde_json::Value>,
}

/// Asks many questions: NDJSON in and out, in order, streamed. A line that cannot be read gets an error of its own; one
/// that is too long or a body that breaks off ends the answer with an error.
#[utoipa::path(post, path = "/v1/resolve/batch",
    request_body(content = String, content_type = "application/x-ndjson", description = "a question a line"),
    responses((status = 200, body = LineView, content_type = "application/x-ndjson")))]
pub(super) async fn resolve_batch(call: &Call) -> Result<Reply, Problem> {
    let pieces = call.stream().ok_or_else(|| Problem::new(Kind::Internal))?;
    let (sender, mut receiver) = mpsc::channel::<Result<Bytes, std::convert::Infallible>>(WAITING);
    let (api, caller) = (call.api.clone(), Arc::new(call.caller.clone()));
    // Ends with the body, or with the receiver when nobody reads any more.
    tokio::spawn(async move {
        let mut answers = std::pin::pin!(answers(api, caller, pieces));
        while let Some(answer) = answers.next().await {
            if sender.send(Ok(answer)).await.is_err() {
                return;
            }
        }
    });
    let mut response = warp::reply::stream(stream::poll_fn(move |context| receiver.poll_recv(context))).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(Reply::whole(response))
}

fn answers(api: Api, caller: Arc<Caller>, pieces: Pieces) -> impl Stream<Item = Bytes> {
    let at_once = api.batch_concurrency.max(1);
    lines(pieces)
        .map(move |(line, read)| {
            let (api, caller) = (api.clone(), Arc::clone(&caller));
            async move { answer(&api, &caller, line, read).await }
        })
        .buffered(at_once)
}

async fn answer(api: &Api, caller: &Caller, line: usize, read: Result<Bytes, Problem>) -> Bytes {
    let begun = Instant::now();
    let verdict = match read.and_then(|text| json::read::<Question>(&text)) {
        Ok(question) => verdict(api, caller, &question).await,
        Err(problem) => Err(problem),
    };
    let (verdict, error) = match verdict {
        Ok(verdict) => (Some(verdict), None),
        Err(problem) => (None, Some(problem.document())),
    };
    let mut text = super::reply::rendered(&LineView { line, verdict, error });
    text.push('\n');
    let slot = api.live.now().slot;
    end_of_slot(begun, slot).await;
    text.into()
}

/// What lines are cut from.
struct Cutter {
    pieces: Option<Pieces>,
    rest: BytesMut,
    line: usize,
}

/// The lines of a body with their numbers; empty ones are left out. An error is the last item.
fn lines(pieces: Pieces) -> impl Stream<Item = (usize, Result<Bytes, Problem>)> {
    let cutter = Cutter { pieces: Some(pieces), rest: BytesMut::new(), line: 0 };
    stream::unfold(cutter, |mut cutter| async move {
        loop {
            let next = cutter.next().await?;
            if !matches!(&next, Ok(text) if text.iter().all(u8::is_ascii_whitespace)) {
                return Some(((cutter.line, next), cutter));
            }
        }
    })
}

impl Cutter {
    async fn next(&mut self) -> Option<Result<Bytes, Problem>> {
        let mut looked = 0;
        loop {
            if let Some(end) = self.rest[looked..].iter().position(|&byte| byte == b'\n') {
                self.line += 1;
                let mut line = self.rest.split_to(looked + end + 1);
                line.truncate(looked + end);
                return Some(self.fits(line.freeze()));
            }
            looked = self.rest.len();
            if looked > LONGEST_LINE {
                self.line += 1;
                let rest = self.rest.split().freeze();
                return Some(self.fits(rest));
            }
            let pieces = self.pieces.as_mut()?;
            match tokio::time::timeout(PATIENCE, pieces.next()).await {
                Ok(Some(Ok(piece))) => self.rest.extend_from_slice(&piece),
                Ok(None) => {
                    self.pieces = None;
                    self.line += 1;
                    let rest = self.rest.split().freeze();
                    return (!rest.is_empty()).then(|| self.fits(rest));
                }
                Ok(Some(Err(_))) => {
                    let broken = Problem::new(Kind::Malformed).detail("the body ended too early");
                    return Some(Err(self.end(broken)));
                }
                Err(_) => return Some(Err(self.end(Problem::new(Kind::Timeout)))),
            }
        }
    }

    fn fits(&mut self, line: Bytes) -> Result<Bytes, Problem> {
        if line.len() <= LONGEST_LINE {
            return Ok(line);
        }
        self.pieces = None;
        self.rest.clear();
        Err(Problem::new(Kind::TooLarge).detail(format!("a line has at most {LONGEST_LINE} bytes")))
    }

    fn end(&mut self, problem: Problem) -> Problem {
        self.pieces = None;
        self.rest.clear();
        self.line += 1;
        problem
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn cut(pieces: &[&str]) -> Vec<(usize, Result<String, Kind>)> {
        let pieces: Vec<Result<Bytes, warp::Error>> =
            pieces.iter().map(|piece| Ok(Bytes::copy_from_slice(piece.as_bytes()))).collect();
        let read = |(line, text): (usize, Result<Bytes, Problem>)| {
            (line, text.map(|text| String::from_utf8(text.to_vec()).unwrap()).map_err(|problem| problem.kind()))
        };
        lines(stream::iter(pieces).boxed()).map(read).collect().await
    }

    #[tokio::test]
    async fn lines_are_cut_wherever_the_pieces_end() {
        let ok = |line: usize, text: &str| (line, Ok(text.to_owned()));
        assert_eq!(cut(&["a\nb\n"]).await, [ok(1, "a"), ok(2, "b")]);
        assert_eq!(cut(&["a", "b\r", "\n", "\n", "c"]).await, [ok(1, "ab\r"), ok(3, "c")]);
        assert_eq!(cut(&[]).await, []);
        assert_eq!(cut(&["\n\n"]).await, []);
        let long = "x".repeat(LONGEST_LINE);
        assert_eq!(cut(&[&long, "\nb"]).await, [ok(1, &long), ok(2, "b")]);
        let longer = format!("{long}x");
        assert_eq!(cut(&["a\n", &longer, "\nb"]).await, [ok(1, "a"), (2, Err(Kind::TooLarge))]);
        assert_eq!(cut(&["a\n", &longer, "y", "\nb"]).await, [ok(1, "a"), (2, Err(Kind::TooLarge))]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_coming_ends_with_an_error() {
        let pieces = stream::iter([Ok(Bytes::from_static(b"a\nb"))]).chain(stream::pending()).boxed();
        let read: Vec<_> =
            lines(pieces).map(|(line, text)| (line, text.map_err(|problem| problem.kind()))).collect().await;
        assert_eq!(read, [(1, Ok(Bytes::from_static(b"a"))), (2, Err(Kind::Timeout))]);
    }
}
