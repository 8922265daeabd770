//! What went wrong at the database, and whether the same may be tried again.

use crate::{
    clock::Random,
    store::{Result, StoreError},
};
use deadpool_postgres::{HookError, PoolError};
use std::time::Duration;
use tokio_postgres::{Error, error::SqlState};

/// How an operation on the database ended, where it did not end well.
#[derive(Debug)]
pub(super) enum Failure {
    /// The connection was lost or the database wants it tried again: nothing of it counts, unless the words `COMMIT`
    /// had already been sent.
    Again(Box<dyn std::error::Error + Send + Sync>),
    /// It stays so.
    Final(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure::Final(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        if may_be_repeated(&error) {
            Failure::Again(Box::new(Described(error)))
        } else if error.code() == Some(&SqlState::UNIQUE_VIOLATION) {
            Failure::Final(StoreError::Conflict)
        } else {
            Failure::Final(StoreError::Unavailable(Box::new(Described(error))))
        }
    }
}

impl From<PoolError> for Failure {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => error.into(),
            other => Failure::Final(StoreError::Unavailable(Box::new(other))),
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Again(error) => StoreError::Unavailable(error),
            Failure::Final(error) => error,
        }
    }
}

/// What the database wants tried again. 40003 is the word of `CockroachDB` for a commit of which it does not
/// know how it ended.
const CODES: [SqlState; 8] = [
    SqlState::T_R_SERIALIZATION_FAILURE,
    SqlState::T_R_DEADLOCK_DETECTED,
    SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN,
    SqlState::ADMIN_SHUTDOWN,
    SqlState::CRASH_SHUTDOWN,
    SqlState::CANNOT_CONNECT_NOW,
    SqlState::TOO_MANY_CONNECTIONS,
    SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
];

/// Serialization failures, deadlocks, lost and refused connections.
fn may_be_repeated(error: &Error) -> bool {
    let Some(code) = error.code() else {
        let io = std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<std::io::Error>);
        return error.is_closed() || io;
    };
    CODES.contains(code) || code.code().starts_with("08")
}

/// The driver's error with its cause in one line; the driver prints only the kind. No values: a message of
/// `PostgreSQL` names tables and constraints, and its detail, which has values, is left out.
#[derive(Debug)]
struct Described(Error);

impl std::fmt::Display for Described {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.as_db_error() {
            Some(error) => write!(f, "PostgreSQL says {}: {}", error.code().code(), error.message()),
            None => match std::error::Error::source(&self.0) {
                Some(cause) => write!(f, "{}: {cause}", self.0),
                None => write!(f, "{}", self.0),
            },
        }
    }
}

impl std::error::Error for Described {}

/// Counts tries and waits between them: 10 ms at first, twice as long each time, half a second at most, each shortened
/// at random by up to a half so that those who failed together do not come back together.
pub(super) struct Tries<'a> {
    left: u32,
    pause: Duration,
    random: &'a dyn Random,
}

impl<'a> Tries<'a> {
    /// About a second in all.
    pub(super) fn few(random: &'a dyn Random) -> Self {
        Self { left: 7, pause: Duration::from_millis(10), random }
    }

    /// About ten seconds in all: for a commit of which nothing is known yet.
    pub(super) fn many(random: &'a dyn Random) -> Self {
        Self { left: 30, pause: Duration::from_millis(10), random }
    }

    /// Waits where it may be tried again, else gives the error back.
    pub(super) async fn wait(&mut self, failure: Failure) -> Result<()> {
        match failure {
            Failure::Again(error) if self.left > 0 => {
                tracing::debug!(%error, left = self.left, "the database asks to try again");
                self.left -= 1;
                let mut byte = [0];
                self.random.fill(&mut byte);
                tokio::time::sleep(self.pause * (512 - u32::from(byte[0])) / 512).await;
                self.pause = (self.pause * 2).min(Duration::from_millis(500));
                Ok(())
            }
            other => Err(other.into()),
        }
    }
}

/// Repeats an operation that changes nothing, or the same when repeated, while [`Tries`] allows it.
macro_rules! retried {
    ($store:expr, $operation:expr) => {{
        let mut tries = $crate::store::postgres::failure::Tries::few(&*$store.random);
        loop {
            match $operation.await {
                Ok(value) => break $crate::store::Result::Ok(value),
                Err(failure) => tries.wait(failure).await?,
            }
        }
    }};
}
pub(super) use retried;
