//! Databases to throw away, on a real `PostgreSQL`: that of `REDIAL_TEST_POSTGRES`, else one that `tests/postgres-cluster`
//! starts once for this process and ends with it.

use crate::peer::left_out;
use redial::{
    clock::{Random as _, SystemRandom, Time},
    store::{Store as _, postgres::Postgres},
};
use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};
use tokio::sync::OnceCell;

/// Where the cluster is; the child, whose open standard input keeps it alive until this process is gone.
struct Cluster {
    url: String,
    _child: Option<Child>,
}

static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

fn cluster() -> Option<&'static Cluster> {
    let found = CLUSTER.get_or_init(|| match std::env::var("REDIAL_TEST_POSTGRES") {
        Ok(url) if !url.is_empty() => Some(Cluster { url, _child: None }),
        _ => start(),
    });
    if found.is_none() {
        left_out("the store on PostgreSQL", "Debian's package postgresql, or REDIAL_TEST_POSTGRES");
    }
    found.as_ref()
}

fn start() -> Option<Cluster> {
    let mut child = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/postgres-cluster"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("tests/postgres-cluster starts");
    let mut url = String::new();
    BufReader::new(child.stdout.take().expect("it is a pipe"))
        .read_line(&mut url)
        .expect("the cluster says its address");
    if url.is_empty() {
        let mut text = String::new();
        child.stderr.take().expect("it is a pipe").read_to_string(&mut text).expect("the cluster says why not");
        let status = child.wait().expect("it has ended");
        assert_eq!(status.code(), Some(3), "the cluster did not start: {text}");
        return None;
    }
    Some(Cluster { url: url.trim_end().to_owned(), _child: Some(child) })
}

/// Runs statements of the test itself.
pub(super) async fn run(url: &str, sql: &str) {
    connect(url).await.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

/// A connection of the test's own; ends when it is dropped.
pub(super) async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) =
        tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("the cluster takes connections");
    tokio::spawn(connection);
    client
}

/// The address of another database of the cluster.
fn of(url: &str, database: &str) -> String {
    let (rest, query) = url.split_once('?').unwrap_or((url, ""));
    let (server, _) = rest.rsplit_once('/').expect("an address with a database");
    format!("{server}/{database}?{query}")
}

fn name(kind: &str) -> String {
    format!("redial_{kind}_{:032x}", SystemRandom::new().bits())
}

/// A new database without tables; `None`, said loudly, where there is no `PostgreSQL`.
pub(super) async fn empty_database() -> Option<String> {
    let cluster = cluster()?;
    let name = name("empty");
    run(&cluster.url, &format!("CREATE DATABASE {name}")).await;
    Some(of(&cluster.url, &name))
}

/// A new database with the last schema; `None`, said loudly, where there is no `PostgreSQL`.
pub(crate) async fn database() -> Option<String> {
    let cluster = cluster()?;
    let template = TEMPLATE
        .get_or_init(async || {
            let name = name("template");
            run(&cluster.url, &format!("CREATE DATABASE {name}")).await;
            let url = of(&cluster.url, &name);
            Postgres::connect(&url, 1, None).await.expect("the schema can be made").close().await;
            name
        })
        .await;
    let name = name("test");
    let admin = connect(&cluster.url).await;
    let sql = format!("CREATE DATABASE {name} TEMPLATE {template}");
    // A template that somebody is still connected to, or that is being copied, is refused.
    while let Err(error) = admin.batch_execute(&sql).await {
        assert_eq!(error.code().map(tokio_postgres::error::SqlState::code), Some("55006"), "{error:?}");
        tokio::task::yield_now().await;
    }
    Some(of(&cluster.url, &name))
}

/// The clock of one database, which stands still until it is moved.
pub(crate) struct Moment(tokio_postgres::Client);

impl Moment {
    /// From now on it is this moment there.
    pub(crate) async fn set(&self, at: Time) {
        self.0.execute("UPDATE moment SET at = $1", &[&at.0]).await.expect("the moment is set");
    }
}

/// A new database with the last schema whose clock is the test's: `clock_timestamp()` means a function that stands before
/// the server's own in the search path, and reads a row.
pub(crate) async fn database_at(at: Time) -> Option<(String, Moment)> {
    let url = database().await?;
    let client = connect(&url).await;
    let sql = format!(
        "CREATE TABLE moment (at BIGINT NOT NULL);
         INSERT INTO moment (at) VALUES ({});
         CREATE FUNCTION public.clock_timestamp() RETURNS TIMESTAMPTZ LANGUAGE sql VOLATILE AS
             $$SELECT TIMESTAMPTZ 'epoch' + at * INTERVAL '1 microsecond' FROM public.moment$$;
         DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database()); END$$",
        at.0
    );
    client.batch_execute(&sql).await.expect("the clock is made");
    Some((url, Moment(client)))
}
