//! One connection for as long as an operation needs it, and statements that are sent without waiting in between.

use super::{failure::Failure, value::Value};
use deadpool_postgres::{ClientWrapper, Object, Pool};
use futures_util::TryStreamExt as _;
use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};
use tokio_postgres::{Error, Row};

/// How long a statement, and a write as a whole, may take. Followers rely on it: what has not become visible after
/// this time and some more never will.
pub(super) const LIMIT: Duration = Duration::from_secs(5);

/// A connection out of the pool. One that is dropped within a transaction is rolled back before others get it: a
/// caller's deadline may drop any of these futures at any await.
pub(super) struct Session {
    object: Option<Object>,
    open: bool,
}

impl Session {
    /// Waits for a connection.
    pub(super) async fn of(pool: &Pool) -> Result<Self, Failure> {
        Ok(Self { object: Some(pool.get().await?), open: false })
    }

    fn client(&self) -> &ClientWrapper {
        self.object.as_ref().expect("the connection is only taken out in `drop`")
    }

    /// Statements to be sent one after the other.
    pub(super) fn pipeline(&self) -> Pipeline<'_> {
        Pipeline { session: self, flights: Vec::new() }
    }

    /// One statement in its own transaction.
    pub(super) async fn one(&self, sql: &'static str, values: Vec<Value<'_>>) -> Result<Answer, Failure> {
        let mut pipeline = self.pipeline();
        pipeline.send(sql, values).await;
        let mut answers = pipeline.finish().await?;
        Ok(answers.pop().expect("a pipeline gives one answer for each statement"))
    }

    /// From now on the connection is in a transaction, to be rolled back unless [`Session::ended`] is said.
    pub(super) fn opened(&mut self) {
        self.open = true;
    }

    /// The transaction is over, `COMMIT` was answered.
    pub(super) fn ended(&mut self) {
        self.open = false;
    }

    /// Ends a write.
    pub(super) async fn commit(&mut self) -> Result<(), Failure> {
        self.client().batch_execute("COMMIT").await?;
        self.ended();
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(object) = self.object.take().filter(|_| self.open) else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            drop(Object::take(object));
            return;
        };
        runtime.spawn(async move {
            match tokio::time::timeout(LIMIT, object.batch_execute("ROLLBACK")).await {
                Ok(Ok(())) => {}
                _ => drop(Object::take(object)),
            }
        });
    }
}

/// What the database answered to one statement.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// The rows of a query or of `RETURNING`.
    pub(super) rows: Vec<Row>,
    /// How many rows were written or read.
    pub(super) count: u64,
}

type Waiting<'a> = Pin<Box<dyn Future<Output = Result<Answer, Error>> + Send + 'a>>;

enum Flight<'a> {
    Waiting(Waiting<'a>),
    Done(Result<Answer, Error>),
}

/// Statements on their way: each is sent at once, the answers are read in order at the end.
pub(super) struct Pipeline<'a> {
    session: &'a Session,
    flights: Vec<Flight<'a>>,
}

impl<'a> Pipeline<'a> {
    /// Sends a statement without parameters that needs no plan, such as `BEGIN`.
    pub(super) async fn simple(&mut self, sql: &'static str) {
        let client = self.session.client();
        self.launch(Box::pin(async move {
            client.batch_execute(sql).await?;
            Ok(Answer::default())
        }))
        .await;
    }

    /// Sends a statement. Its first use on a connection waits for its plan, and so for the answers before.
    pub(super) async fn send(&mut self, sql: &'static str, values: Vec<Value<'a>>) {
        let client = self.session.client();
        let mut plan = pin!(client.prepare_cached(sql));
        let plan = match poll_fn(|cx| Poll::Ready(plan.as_mut().poll(cx))).await {
            Poll::Ready(plan) => plan,
            Poll::Pending => {
                // The connection hands out answers in order: unread ones would hold up the plan.
                self.settle().await;
                plan.await
            }
        };
        match plan {
            Err(error) => self.flights.push(Flight::Done(Err(error))),
            Ok(plan) => {
                let flight = async move {
                    let mut stream = pin!(client.query_raw(&plan, values).await?);
                    let rows: Vec<Row> = stream.as_mut().try_collect().await?;
                    let count = stream.rows_affected().unwrap_or(0);
                    Ok(Answer { rows, count })
                };
                self.launch(Box::pin(flight)).await;
            }
        }
    }

    /// The driver sends when a future is polled for the first time.
    async fn launch(&mut self, mut flight: Waiting<'a>) {
        let flight = match poll_fn(|cx| Poll::Ready(flight.as_mut().poll(cx))).await {
            Poll::Ready(result) => Flight::Done(result),
            Poll::Pending => Flight::Waiting(flight),
        };
        self.flights.push(flight);
    }

    async fn settle(&mut self) {
        for flight in &mut self.flights {
            if let Flight::Waiting(waiting) = flight {
                *flight = Flight::Done(waiting.await);
            }
        }
    }

    /// All answers in the order of the statements, each as it came.
    pub(super) async fn finish_each(mut self) -> Vec<Result<Answer, Error>> {
        self.settle().await;
        let done = |flight| match flight {
            Flight::Done(result) => Some(result),
            Flight::Waiting(_) => None,
        };
        self.flights.into_iter().filter_map(done).collect()
    }

    /// All answers, or the first error: those after it in a transaction only say that there was one.
    pub(super) async fn finish(self) -> Result<Vec<Answer>, Failure> {
        let mut answers = Vec::new();
        for answer in self.finish_each().await {
            answers.push(answer?);
        }
        Ok(answers)
    }
}
