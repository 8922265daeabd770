//! `redial import moves` on an embedded database against what the engine can do: the same rows, read by the same CSV
//! reader, into one table of five texts without an index. Then the same file again, and the next start. Rows a second, and
//! CPU time (user and system, all threads) for each row, which says more where others use the machine.
//!
//! `cargo bench --bench import [-- LARGEST]`: files of a hundredth, a tenth, and all of so many rows, by default
//! 1,000,000. With `REDIAL_BENCH_POSTGRES=postgres://…` of an empty database the largest goes there too.

use redial::{
    clock::{Clock, SystemClock, SystemRandom},
    domain::address::phone::Region,
    store::{SharedStore, Store as _, filter::Filter, postgres::Postgres, sqlite::Sqlite},
    usecase::{
        Env, Rules,
        import::Listener,
        import_moves::{Source, import},
    },
};
use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::time::Instant;

/// Rows of one transaction of the baseline, as many as the import commits together.
const BATCH: usize = 50_000;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if words.first().is_some_and(|word| word == "--test") {
        return;
    }
    let largest = words.first().and_then(|word| word.parse().ok()).unwrap_or(1_000_000);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    println!(
        "{:>9} {:>9} {:>7} {:>9} {:>7} {:>6} {:>9} {:>7} {:>9} {:>10} {:>9}",
        "rows",
        "plain/s",
        "µs CPU",
        "import/s",
        "µs CPU",
        "ratio",
        "again/s",
        "µs CPU",
        "start ms",
        "no file ms",
        "B/number"
    );
    let postgres = std::env::var("REDIAL_BENCH_POSTGRES").ok();
    for rows in [largest / 100, largest / 10, largest] {
        let folder = std::env::temp_dir().join(format!("redial-bench-import-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        runtime.block_on(compare(&folder, rows));
        if let Some(url) = postgres.as_deref().filter(|_| rows == largest) {
            runtime.block_on(on_postgres(url, &folder.join("moves.csv"), rows));
        }
        std::fs::remove_dir_all(&folder).expect("nobody else has it");
    }
}

async fn compare(folder: &Path, rows: usize) {
    let file = folder.join("moves.csv");
    write(&file, rows);
    let plain = plain(&folder.join("plain.db"), &file);
    let path = folder.join("redial.db");
    let (first, added) = load(&path, &file).await;
    assert_eq!(added, rows as u64, "every row is new");
    let (again, added) = load(&path, &file).await;
    assert_eq!(added, 0, "every row is known");
    let start = Instant::now();
    let store = open(&path);
    let ready = start.elapsed();
    store.close().await;
    std::fs::remove_file(path.with_added_extension("filter")).expect("it was saved");
    let start = Instant::now();
    let store = open(&path);
    let without = start.elapsed();
    store.close().await;
    println!(
        "{rows:>9} {:>9.0} {:>7.2} {:>9.0} {:>7.2} {:>6.2} {:>9.0} {:>7.2} {:>9.1} {:>10.1} {:>9.2}",
        plain.a_second(rows),
        plain.each(rows),
        first.a_second(rows),
        first.each(rows),
        first.wall / plain.wall,
        again.a_second(rows),
        again.each(rows),
        ready.as_secs_f64() * 1e3,
        without.as_secs_f64() * 1e3,
        filter_bytes(rows)
    );
}

/// What something took, in seconds.
struct Took {
    wall: f64,
    cpu: f64,
}

impl Took {
    fn since((start, before): (Instant, f64)) -> Self {
        Self { wall: start.elapsed().as_secs_f64(), cpu: cpu() - before }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    fn a_second(&self, rows: usize) -> f64 {
        rows as f64 / self.wall
    }

    /// Microseconds of CPU time for each row.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    fn each(&self, rows: usize) -> f64 {
        self.cpu * 1e6 / rows as f64
    }
}

/// CPU seconds of this process; Linux counts hundredths.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let (_, rest) = stat.rsplit_once(')').unwrap_or_default();
    rest.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Rows whose numbers come in no order, as in a file that is sorted by name.
fn write(path: &Path, rows: usize) {
    let mut file = BufWriter::new(File::create(path).expect("a file"));
    writeln!(file, "name,old,new,changed_at,grant").expect("room for it");
    for index in 0..rows {
        // A stride without a divisor in common: each number comes once.
        let number = 2_000_000 + index * 2_654_437 % 7_999_999;
        let grant = ["reveal", "forward", "none"][index % 3];
        let day = 1 + index % 28;
        writeln!(file, "Person Number {index} of Many,+1 212 {number:07},+1917{number:07},2026-01-{day:02},{grant}")
            .expect("room for it");
    }
    file.into_inner().expect("room for it").sync_all().expect("a disk");
}

/// What the engine does with five texts a row.
fn plain(path: &Path, file: &Path) -> Took {
    let start = (Instant::now(), cpu());
    let mut connection = rusqlite::Connection::open(path).expect("a database");
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE moves (name TEXT, old TEXT, new TEXT, changed_at TEXT, given TEXT);",
        )
        .expect("a table");
    let mut reader = csv::Reader::from_path(file).expect("the file");
    let mut record = csv::StringRecord::new();
    let mut more = true;
    while more {
        let transaction = connection.transaction().expect("a transaction");
        let mut insert = transaction.prepare_cached("INSERT INTO moves VALUES (?1, ?2, ?3, ?4, ?5)").expect("a table");
        for _ in 0..BATCH {
            more = reader.read_record(&mut record).expect("a record");
            if !more {
                break;
            }
            insert.execute(rusqlite::params_from_iter(record.iter())).expect("room for it");
        }
        drop(insert);
        transaction.commit().expect("room for it");
    }
    drop(connection);
    Took::since(start)
}

fn open(path: &Path) -> Sqlite {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Sqlite::open(path, clock, 1).expect("a store")
}

async fn on_postgres(url: &str, file: &PathBuf, rows: usize) {
    let connect = async || Arc::new(Postgres::connect(url, 4, None).await.expect("a database")) as SharedStore;
    let (first, added) = into(connect().await, file).await;
    assert_eq!(added, rows as u64, "every row is new");
    let start = Instant::now();
    let store = connect().await;
    let ready = start.elapsed();
    store.follow().await.expect("former numbers are read");
    let known = start.elapsed();
    let (again, _) = into(store, file).await;
    println!(
        "PostgreSQL: {:.0} rows/s, again {:.0}, start {:.0} ms, former numbers known after {:.0} ms",
        first.a_second(rows),
        again.a_second(rows),
        ready.as_secs_f64() * 1e3,
        known.as_secs_f64() * 1e3
    );
}

/// Opens, loads and closes, as the command does.
async fn load(path: &Path, file: &PathBuf) -> (Took, u64) {
    let start = (Instant::now(), cpu());
    let (_, added) = into(Arc::new(open(path)), file).await;
    (Took::since(start), added)
}

async fn into(store: SharedStore, file: &PathBuf) -> (Took, u64) {
    let start = (Instant::now(), cpu());
    let rules = Rules { region: Region::new("US"), ..Rules::default() };
    let env = Env::new(Arc::clone(&store), Arc::new(SystemClock), Arc::new(SystemRandom::new()), rules);
    let source = Source { name: "moves.csv".into(), region: Region::new("US") };
    let file = File::open(file).expect("the file");
    let imported = import(&env, file, &source, &mut Nobody).await.expect("it is loaded");
    assert_eq!((imported.bad, imported.changed), (0, 0));
    store.close().await;
    (Took::since(start), imported.added)
}

struct Nobody;

impl Listener for Nobody {
    fn read(&mut self, _: u64) {}
    fn bad(&mut self, line: u64, reason: &str) {
        panic!("line {line}: {reason}");
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn filter_bytes(numbers: usize) -> f64 {
    let filter = Filter::new([0; 16]);
    filter.begin_with(numbers);
    filter.finish_rebuilding();
    filter.bytes() as f64 / numbers as f64
}
