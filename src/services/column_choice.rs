//! What a person chose for a set of headers: given with this import, or remembered from an earlier one.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::domain::inventory::{AssetKey, ColumnChoice, ColumnReading, Field, REJECT_REASON};
use crate::ingest::spreadsheet::{Mapping, ReadError, ReadFault};
use crate::services::progress::Progress;
use crate::services::survey::{Survey, survey};
use crate::store::{Db, StoreError, column_choice};

/// How many remembered mappings are tried on a file that cannot be read without one.
const TRIED: u32 = 20;

/// What the caller wants of the choice.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// What messages call the file.
    pub name: String,
    pub mapping: Option<Mapping>,
    pub key: Option<AssetKey>,
    /// Neither use what is remembered for these headers nor keep it.
    pub forget: bool,
    /// See [`survey`].
    pub keep_rejected: bool,
}

/// A file looked through with the choice that holds for it.
pub struct Chosen {
    pub survey: Survey,
    pub mapping: Option<Mapping>,
    pub key: AssetKey,
    /// Names the set of headers, as the choice is remembered.
    pub headers_digest: String,
    /// What a person must know of the choice, one sentence each.
    pub remarks: Vec<String>,
}

/// Why no choice could be settled.
#[derive(Debug, thiserror::Error)]
pub enum ChoiceError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Looks through the file and settles how it is read. Without a database nothing is remembered.
///
/// # Errors
///
/// The file cannot be read with the mapping that holds, or the database fails.
pub async fn choose(db: Option<&Db>, path: &Path, wish: &Wish, progress: &dyn Progress) -> Result<Chosen, ChoiceError> {
    let look = |mapping: Option<&Mapping>| {
        tokio::task::block_in_place(|| survey(path, &wish.name, mapping, wish.keep_rejected, progress))
    };
    let plain = look(None);
    let known = match (&plain, db) {
        (Ok(plain), Some(db)) if !wish.forget => find(db, &plain.reading.columns).await?,
        _ => None,
    };
    let plain_digest = plain.as_ref().ok().map(|survey| headers_digest(&survey.reading.columns));
    if let Some(mapping) = &wish.mapping {
        let survey = look(Some(mapping))?;
        let key = wish.key.or(known.map(|known| known.key)).unwrap_or_default();
        let digest = plain_digest.unwrap_or_else(|| headers_digest(&survey.reading.columns));
        return Ok(chosen(survey, Some(mapping.clone()), key, digest, Vec::new()));
    }
    let plain = match (plain, db) {
        (Ok(plain), _) => plain,
        (Err(error), Some(db)) if !wish.forget => {
            return match remembered_for_unreadable(db, &look).await? {
                Some((survey, mapping, known, digest)) => {
                    let remarks = vec![remembered(&known)];
                    Ok(chosen(survey, Some(mapping), wish.key.unwrap_or(known.key), digest, remarks))
                }
                None => Err(error.into()),
            };
        }
        (Err(error), _) => return Err(error.into()),
    };
    let digest = headers_digest(&plain.reading.columns);
    let Some(known) = known else { return Ok(chosen(plain, None, wish.key.unwrap_or_default(), digest, Vec::new())) };
    let key = wish.key.unwrap_or(known.key);
    let mapping = known.mapping.as_deref().and_then(|toml| Mapping::from_toml(toml).ok());
    let survey = match &mapping {
        Some(mapping) => look(Some(mapping))?,
        None => plain,
    };
    let remarks = vec![remembered(&known)];
    Ok(chosen(survey, mapping, key, digest, remarks))
}

fn chosen(
    survey: Survey,
    mapping: Option<Mapping>,
    key: AssetKey,
    headers_digest: String,
    mut remarks: Vec<String>,
) -> Chosen {
    if key != AssetKey::Auto {
        remarks.push(format!("rows are the same asset when they have the same {}", key.in_words()));
    }
    Chosen { survey, mapping, key, headers_digest, remarks }
}

fn remembered(known: &ColumnChoice) -> String {
    let day = known.chosen_at.strftime("%Y-%m-%d");
    let what = if known.mapping.is_some() { "columns are read" } else { "assets are known again" };
    format!("{what} as chosen on {day} for the same headers (import {})", known.inventory_id)
}

async fn find(db: &Db, columns: &[ColumnReading]) -> Result<Option<ColumnChoice>, StoreError> {
    let found = column_choice::find_column_choice(db, &headers_digest(columns)).await?;
    if found.is_some() || !is_reject_file(columns) {
        return Ok(found);
    }
    // A file of rejected rows may have two columns more than the file they came from.
    let own = |column: &&ColumnReading| !["site", "area"].contains(&column.header.as_str());
    let columns: Vec<ColumnReading> = columns.iter().filter(own).cloned().collect();
    column_choice::find_column_choice(db, &headers_digest(&columns)).await
}

/// A remembered mapping under which the file has the headers that it was remembered for.
async fn remembered_for_unreadable(
    db: &Db,
    look: &impl Fn(Option<&Mapping>) -> Result<Survey, ReadError>,
) -> Result<Option<(Survey, Mapping, ColumnChoice, String)>, StoreError> {
    for (digest, known) in column_choice::list_column_choices(db, TRIED).await? {
        let Some(mapping) = known.mapping.as_deref().and_then(|toml| Mapping::from_toml(toml).ok()) else { continue };
        if let Ok(survey) = look(Some(&mapping))
            && headers_digest(&survey.reading.columns) == digest
        {
            return Ok(Some((survey, mapping, known, digest)));
        }
    }
    Ok(None)
}

/// The mapping in this file.
///
/// # Errors
///
/// The file cannot be read, is no TOML of this form, or names an unknown field.
pub fn read_mapping(path: &Path) -> Result<Mapping, ReadError> {
    let failed = |fault| ReadError { file: path.display().to_string(), fault };
    let text = std::fs::read_to_string(path).map_err(|e| failed(ReadFault::Io(e)))?;
    Mapping::from_toml(&text).map_err(failed)
}

/// How the columns were read, as a mapping (TOML) for people: header row and sheets are those of the mapping in force.
pub fn mapping_to_toml(columns: &[ColumnReading], in_force: Option<&Mapping>, file_name: &str) -> String {
    let columns: Vec<ColumnReading> = columns.iter().filter(|c| c.header != REJECT_REASON).cloned().collect();
    let mut mapping = Mapping::from_columns(&columns);
    if let Some(in_force) = in_force {
        mapping.header_row = in_force.header_row;
        mapping.sheets.clone_from(&in_force.sheets);
    }
    let fields: Vec<&str> = Field::ALL.iter().map(|(_, word)| *word).collect();
    format!(
        "# How the columns of `{}` were read. Change what is wrong and give this file with --mapping.\n\
         # Left stands the header as written, right the field or a list of fields; \"\" keeps the values as a note.\n\
         # Fields: {}.\n\
         # Above [columns] can stand `header_row = 4` and `sheets = [\"Meters\"]`.\n\n{}",
        file_name.replace(char::is_control, " "),
        fields.join(", "),
        mapping.to_toml()
    )
}

/// A mapping (TOML) that says of each header which fields it holds. The header row is found where `None`; all sheets are
/// read where none is named.
pub fn mapping_of(columns: Vec<(String, Vec<Field>)>, header_row: Option<u32>, sheets: Vec<String>) -> String {
    Mapping { header_row, sheets, columns: columns.into_iter().collect() }.to_toml()
}

/// Whether the columns are those of a file of rejected rows.
pub fn is_reject_file(columns: &[ColumnReading]) -> bool {
    columns.iter().any(|column| column.header == REJECT_REASON)
}

/// Names a set of headers: 64 hexadecimal digits. Order, case and blanks do not count, nor does the reason in a file of
/// rejected rows.
pub fn headers_digest(columns: &[ColumnReading]) -> String {
    let mut headers: Vec<String> = columns
        .iter()
        .filter(|column| column.header != REJECT_REASON)
        .map(|column| column.header.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase())
        .collect();
    headers.sort_unstable();
    headers.dedup();
    let mut hasher = Sha256::new();
    for header in headers {
        hasher.update((header.len() as u64).to_be_bytes());
        hasher.update(header.as_bytes());
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_headers_are_the_same_set_in_any_order() {
        let columns = |headers: &[&str]| -> Vec<ColumnReading> {
            let one = |header: &&str| ColumnReading {
                sheet: String::new(),
                header: (*header).to_owned(),
                fields: Vec::new(),
                how: String::new(),
            };
            headers.iter().map(one).collect()
        };
        let digest = |headers: &[&str]| headers_digest(&columns(headers));
        assert_eq!(digest(&["Tag", "Model  No"]), digest(&["model no", "TAG", REJECT_REASON]));
        assert_ne!(digest(&["Tag", "Model"]), digest(&["Tag", "Model", "Serial"]));
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
    }
}
