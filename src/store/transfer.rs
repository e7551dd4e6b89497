//! Everything from one database into another, empty one, in one transaction, with proof that nothing was lost.
//!
//! Both have the schema of this program, so tables are copied as they are; which there are, and in what order their
//! foreign keys want them, the databases say themselves.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::TryStreamExt;
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, QueryBuilder, Row};

use super::error::StoreError;
use super::{Alone, Db, Pool, Tx};

/// Rows per statement; a table has at most some thirty columns, and SQLite allows 32,766 values.
const ROWS: usize = 500;

/// What was copied of one table, and found again in the other database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopiedTable {
    pub table: String,
    pub n_rows: u64,
    /// Of all rows, whatever their order; hexadecimal.
    pub sha256: String,
}

/// What kind of values a column has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Number,
    Boolean,
    Text,
    Bytes,
}

/// One value of a row.
#[derive(Debug)]
enum Value {
    Null(Kind),
    Number(i64),
    Boolean(bool),
    Text(String),
    Bytes(Vec<u8>),
}

struct Table {
    name: String,
    columns: Vec<(String, Kind)>,
    /// The tables that its foreign keys name.
    needs: BTreeSet<String>,
}

/// The number and the digest of rows. The digests of the rows are added up, so that their order does not count.
#[derive(Default)]
struct Sum {
    n_rows: u64,
    words: [u64; 4],
}

impl Sum {
    fn add(&mut self, row: &[Value]) {
        let mut hash = Sha256::new();
        let mut part = |kind: u8, bytes: &[u8]| {
            hash.update([kind]);
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        for value in row {
            match value {
                Value::Null(_) => part(0, &[]),
                Value::Number(n) => part(1, &n.to_be_bytes()),
                Value::Boolean(b) => part(2, &[u8::from(*b)]),
                Value::Text(text) => part(3, text.as_bytes()),
                Value::Bytes(bytes) => part(4, bytes),
            }
        }
        self.n_rows += 1;
        for (word, bytes) in self.words.iter_mut().zip(hash.finalize().chunks(8)) {
            *word = word.wrapping_add(bytes.iter().fold(0, |n, byte| (n << 8) | u64::from(*byte)));
        }
    }

    fn sha256(&self) -> String {
        self.words.iter().map(|word| format!("{word:016x}")).collect()
    }
}

/// Copies everything into a database that holds nothing yet, and reads it back. `tell` hears of each table that is done.
///
/// # Errors
///
/// The other database holds something already, a table does not read back as it was written (nothing is kept then), or
/// a database fails.
pub async fn save_all(from: &Db, to: &Db, mut tell: impl FnMut(&CopiedTable)) -> Result<Vec<CopiedTable>, StoreError> {
    let tables = in_order(tables(to).await?);
    let mut source = from.begin_read().await?;
    let mut target = to.begin(Alone::Import).await?;
    let mut copied = Vec::new();
    for table in &tables {
        if !is_empty(&mut target, &table.name).await? {
            return Err(StoreError::Conflict(format!(
                "expected an empty database, found rows in `{}` of {}\nhint: move into a database that was just made",
                table.name,
                to.name()
            )));
        }
    }
    for table in &tables {
        let sum = copy(&mut source, &mut target, table).await?;
        let found = read_all(&mut target, table).await?;
        if (sum.n_rows, sum.words) != (found.n_rows, found.words) {
            return Err(StoreError::Conflict(format!(
                "the table `{}` does not read back as it was written: expected {} rows, found {}, digests {} and {}",
                table.name,
                sum.n_rows,
                found.n_rows,
                sum.sha256(),
                found.sha256()
            )));
        }
        continue_keys(&mut target, table).await?;
        let done = CopiedTable { table: table.name.clone(), n_rows: sum.n_rows, sha256: sum.sha256() };
        tell(&done);
        copied.push(done);
    }
    target.commit().await?;
    Ok(copied)
}

/// All tables of the schema but the list of migrations, which each database has of its own.
async fn tables(db: &Db) -> Result<Vec<Table>, StoreError> {
    let (columns, needs) = match &db.pool {
        Pool::Lite(pool) => (
            "select m.name, c.name, lower(c.type) from sqlite_master m join pragma_table_info(m.name) c \
             where m.type = 'table' and m.name not like 'sqlite_%' and m.name <> 'migration' order by m.name, c.cid",
            sqlx::query_as::<_, (String, String)>(
                "select m.name, f.\"table\" from sqlite_master m join pragma_foreign_key_list(m.name) f \
                 where m.type = 'table'",
            )
            .fetch_all(pool)
            .await?,
        ),
        Pool::Pg(pool) => (
            "select cast(table_name as text), cast(column_name as text), cast(data_type as text) \
             from information_schema.columns where table_schema = current_schema() and table_name <> 'migration' \
             order by table_name, ordinal_position",
            sqlx::query_as::<_, (String, String)>(
                "select cast(t.relname as text), cast(f.relname as text) from pg_constraint c \
                 join pg_class t on t.oid = c.conrelid join pg_class f on f.oid = c.confrelid \
                 where c.contype = 'f' and c.connamespace = cast(current_schema() as regnamespace)",
            )
            .fetch_all(pool)
            .await?,
        ),
    };
    let columns: Vec<(String, String, String)> =
        on!(db, c => sqlx::query_as(AssertSqlSafe(columns)).fetch_all(c).await)?;
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    for (table, column, kind) in columns {
        let kind = match kind.as_str() {
            "integer" | "bigint" => Kind::Number,
            "boolean" => Kind::Boolean,
            "blob" | "bytea" => Kind::Bytes,
            _ => Kind::Text,
        };
        let entry = tables.entry(table.clone()).or_insert_with(|| Table {
            name: table,
            columns: Vec::new(),
            needs: BTreeSet::new(),
        });
        entry.columns.push((column, kind));
    }
    for (table, needed) in needs {
        if let Some(entry) = tables.get_mut(&table).filter(|_| table != needed) {
            entry.needs.insert(needed);
        }
    }
    Ok(tables.into_values().collect())
}

/// The tables so that each stands behind those it needs.
fn in_order(mut tables: Vec<Table>) -> Vec<Table> {
    let mut ordered: Vec<Table> = Vec::new();
    let mut done: BTreeSet<String> = BTreeSet::new();
    while !tables.is_empty() {
        let (ready, waiting): (Vec<Table>, Vec<Table>) = tables.into_iter().partition(|t| t.needs.is_subset(&done));
        // Tables that need each other cannot be ordered; the foreign key itself will say so.
        let (ready, waiting) = if ready.is_empty() { (waiting, Vec::new()) } else { (ready, waiting) };
        done.extend(ready.iter().map(|table| table.name.clone()));
        ordered.extend(ready);
        tables = waiting;
    }
    ordered
}

async fn is_empty(tx: &mut Tx, table: &str) -> Result<bool, StoreError> {
    let statement = format!("select count(*) from (select 1 from {table} limit 1) as one");
    let n: i64 = on!(tx tx, c => sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(c).await)?;
    Ok(n == 0)
}

fn select(table: &Table) -> String {
    format!("select {} from {}", names(table), table.name)
}

fn names(table: &Table) -> String {
    table.columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
}

/// The values of a row, whatever the database.
macro_rules! values {
    ($row:expr, $table:expr) => {{
        let mut values = Vec::with_capacity($table.columns.len());
        for (at, (_, kind)) in $table.columns.iter().enumerate() {
            values.push(
                match kind {
                    Kind::Number => $row.try_get::<Option<i64>, _>(at)?.map(Value::Number),
                    Kind::Boolean => $row.try_get::<Option<bool>, _>(at)?.map(Value::Boolean),
                    Kind::Text => $row.try_get::<Option<String>, _>(at)?.map(Value::Text),
                    Kind::Bytes => $row.try_get::<Option<Vec<u8>>, _>(at)?.map(Value::Bytes),
                }
                .unwrap_or(Value::Null(*kind)),
            );
        }
        values
    }};
}

async fn copy(source: &mut Tx, target: &mut Tx, table: &Table) -> Result<Sum, StoreError> {
    let mut sum = Sum::default();
    let mut batch: Vec<Vec<Value>> = Vec::with_capacity(ROWS);
    on!(tx source, c => {
        let mut rows = sqlx::query(AssertSqlSafe(select(table))).fetch(c);
        while let Some(row) = rows.try_next().await? {
            let values = values!(row, table);
            sum.add(&values);
            batch.push(values);
            if batch.len() == ROWS {
                insert(target, table, std::mem::take(&mut batch)).await?;
            }
        }
    });
    if !batch.is_empty() {
        insert(target, table, batch).await?;
    }
    Ok(sum)
}

async fn insert(target: &mut Tx, table: &Table, rows: Vec<Vec<Value>>) -> Result<(), StoreError> {
    let head = format!("insert into {} ({}) ", table.name, names(table));
    on!(tx target, c => {
        let mut query = QueryBuilder::new(head);
        query.push_values(rows, |mut b, row| {
            for value in row {
                match value {
                    Value::Null(Kind::Number) => b.push_bind(None::<i64>),
                    Value::Null(Kind::Boolean) => b.push_bind(None::<bool>),
                    Value::Null(Kind::Text) => b.push_bind(None::<String>),
                    Value::Null(Kind::Bytes) => b.push_bind(None::<Vec<u8>>),
                    Value::Number(n) => b.push_bind(n),
                    Value::Boolean(is) => b.push_bind(is),
                    Value::Text(text) => b.push_bind(text),
                    Value::Bytes(bytes) => b.push_bind(bytes),
                };
            }
        });
        query.build().persistent(false).execute(c).await.map(drop)
    })?;
    Ok(())
}

async fn read_all(target: &mut Tx, table: &Table) -> Result<Sum, StoreError> {
    let mut sum = Sum::default();
    on!(tx target, c => {
        let mut rows = sqlx::query(AssertSqlSafe(select(table))).fetch(c);
        while let Some(row) = rows.try_next().await? {
            sum.add(&values!(row, table));
        }
    });
    Ok(sum)
}

/// Lets PostgreSQL go on counting behind the keys that were copied; SQLite does so by itself.
async fn continue_keys(target: &mut Tx, table: &Table) -> Result<(), StoreError> {
    let Tx::Pg(tx) = target else { return Ok(()) };
    let key = format!("{}_id", table.name);
    if !table.columns.iter().any(|(name, _)| *name == key) {
        return Ok(());
    }
    let sequence: Option<String> = sqlx::query_scalar("select pg_get_serial_sequence($1, $2)")
        .bind(&table.name)
        .bind(&key)
        .fetch_one(&mut **tx)
        .await?;
    if let Some(sequence) = sequence {
        let statement =
            format!("select setval($1::regclass, (select coalesce(max({key}), 0) + 1 from {}), false)", table.name);
        sqlx::query(AssertSqlSafe(statement)).bind(sequence).execute(&mut **tx).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_stands_behind_those_it_needs() {
        let table = |name: &str, needs: &[&str]| Table {
            name: name.to_owned(),
            columns: Vec::new(),
            needs: needs.iter().map(|n| (*n).to_owned()).collect(),
        };
        let tables = vec![
            table("asset", &["inventory", "site"]),
            table("exposure", &["asset"]),
            table("inventory", &[]),
            table("site", &[]),
        ];
        let names: Vec<String> = in_order(tables).into_iter().map(|t| t.name).collect();
        assert_eq!(names, ["inventory", "site", "asset", "exposure"]);
    }

    #[test]
    fn the_digest_does_not_depend_on_the_order_of_rows_but_on_every_value() {
        let sum = |rows: &[&[&str]]| {
            let mut sum = Sum::default();
            for row in rows {
                sum.add(&row.iter().map(|text| Value::Text((*text).to_owned())).collect::<Vec<_>>());
            }
            sum.sha256()
        };
        assert_eq!(sum(&[&["a", "b"], &["c", "d"]]), sum(&[&["c", "d"], &["a", "b"]]));
        assert_ne!(sum(&[&["a", "b"]]), sum(&[&["ab", ""]]));
        assert_ne!(sum(&[&["a"], &["a"]]), sum(&[&["a"]]));
    }
}
