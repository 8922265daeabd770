//! Every row of every table as text, past the program.

use super::cluster;
use redial::store::chain::hex;
use std::path::Path;

/// A row: its table, and each column with what stands there.
pub(super) struct Row {
    pub(super) table: String,
    pub(super) cells: Vec<(String, String)>,
}

impl Row {
    /// All of it in one.
    pub(super) fn text(&self) -> String {
        self.cells.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(" | ")
    }
}

/// Of a database in a file. Bytes stand as hexadecimal digits and as the text that they may be.
pub(super) fn of_file(path: &Path) -> Vec<Row> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let tables: Vec<String> =
        connection.prepare(tables).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut found = Vec::new();
    for table in tables {
        let mut all = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns: Vec<String> = all.column_names().map(str::to_owned).collect();
        let mut rows = all.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let cell = |at| match row.get_ref(at).unwrap() {
                rusqlite::types::ValueRef::Blob(bytes) => format!("{} {}", hex(bytes), String::from_utf8_lossy(bytes)),
                other => format!("{other:?} {}", other.as_str().unwrap_or_default()),
            };
            let cells = columns.iter().enumerate().map(|(at, column)| (column.clone(), cell(at))).collect();
            found.push(Row { table: table.clone(), cells });
        }
    }
    found
}

/// Of a database on a server, where bytes stand as hexadecimal digits.
pub(super) async fn of_server(url: &str) -> Vec<Row> {
    let client = cluster::connect(url).await;
    let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'";
    let mut found = Vec::new();
    for table in client.query(tables, &[]).await.unwrap() {
        let table: String = table.get(0);
        for row in client.query(&format!("SELECT to_jsonb(t)::text FROM {table} t"), &[]).await.unwrap() {
            let row: serde_json::Map<String, serde_json::Value> = serde_json::from_str(row.get(0)).unwrap();
            let cells = row.into_iter().map(|(column, value)| match value {
                serde_json::Value::String(text) => (column, text),
                other => (column, other.to_string()),
            });
            found.push(Row { table: table.clone(), cells: cells.collect() });
        }
    }
    found
}
