//! What the owners of a plant know beyond the catalogue: aliases, added one by one or as packs, that lie over it.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use thiserror::Error;
use toml::{Table, Value};

use crate::domain::audit::Act;
use crate::domain::catalogue::pack::{Alias, AliasKind, KnownAlias, read_pack, write_pack};
use crate::domain::catalogue::{Catalogue, CatalogueProblem};
use crate::services::current_index::current_index;
use crate::services::load_advisories::LoadError;
use crate::services::note_act::{Deed, note};
use crate::services::progress::Progress;
use crate::store::{self, Db, StoreError};

/// Why an alias could not be used.
#[derive(Debug, Error)]
pub enum AliasError {
    #[error("cannot read the alias pack `{}`: {problem}", path.display())]
    Unreadable { path: PathBuf, problem: std::io::Error },
    #[error(
        "cannot use the alias pack: {}{}\nhint: nothing of it was taken; docs/matching.md shows its form",
        told(problems),
        rest(problems)
    )]
    Pack { problems: Vec<CatalogueProblem> },
    #[error(
        "cannot add the alias `{text}`: expected a name and its vendor as in \"SE=Schneider Electric\", found no `=` with text on both sides"
    )]
    NoVendor { text: String },
    #[error(
        "cannot add the alias of `{vendor}`: expected a vendor that the catalogue knows, found {n} of this name\nhint: a new vendor is an entry [[vendor]] of a pack; see `nameplate alias import --help`"
    )]
    UnknownVendor { vendor: String, n: usize },
    #[error("cannot find the alias {alias_id}: none has this number\nhint: `nameplate alias list --all` shows them")]
    Unknown { alias_id: i64 },
    #[error("cannot remove the alias {alias_id}: it was removed on {removed_at}")]
    Removed { alias_id: i64, removed_at: Timestamp },
    #[error("cannot restore the alias {alias_id}: it is in force")]
    InForce { alias_id: i64 },
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Problems that a message tells.
const MAX_TOLD: usize = 8;

fn told(problems: &[CatalogueProblem]) -> String {
    let all = problems.iter().take(MAX_TOLD).map(|p| format!("\n  {}: {}", p.file, p.message.trim_end()));
    format!("{} problems{}", problems.len(), all.collect::<String>()).replacen(
        "1 problems",
        "1 problem",
        usize::from(problems.len() == 1),
    )
}

fn rest(problems: &[CatalogueProblem]) -> String {
    match problems.len().saturating_sub(MAX_TOLD) {
        0 => String::new(),
        n => format!("\n  … and {n} more"),
    }
}

/// The catalogue with the aliases in force laid over it, and one sentence for each that it can no longer use.
///
/// # Errors
///
/// The database fails.
pub async fn catalogue_of(db: &Db) -> Result<(Catalogue, Vec<String>), StoreError> {
    let known = store::alias::list_aliases_in_force(db).await?;
    if known.is_empty() {
        return Ok((Catalogue::built_in(), Vec::new()));
    }
    let aliases: Vec<Alias> = known.into_iter().map(|known| known.alias).collect();
    // A newer program may know by itself what an older entry taught it; that must stop nobody's report.
    let (catalogue, problems) = Catalogue::with_aliases(&aliases);
    let warnings = problems.iter().map(|p| format!("{} is not used wholly: {}", p.file, p.message)).collect();
    Ok((catalogue, warnings))
}

/// The catalogue with the entries of a pack laid over it.
///
/// # Errors
///
/// The file cannot be read, or an entry of it cannot be used.
pub fn catalogue_with_pack(path: &Path) -> Result<Catalogue, AliasError> {
    let aliases = read_file(path, None)?;
    Ok(Catalogue::with_aliases(&aliases).0)
}

fn read_file(path: &Path, signature: Option<(&str, &str)>) -> Result<Vec<Alias>, AliasError> {
    let text =
        std::fs::read_to_string(path).map_err(|problem| AliasError::Unreadable { path: path.to_owned(), problem })?;
    read_pack(&path.display().to_string(), &text, signature).map_err(|problems| AliasError::Pack { problems })
}

/// A person's word that is to be added.
pub enum NewAlias {
    /// `SE=Schneider Electric`.
    VendorName(String),
    /// A file with entries of the form of a pack, of which author and date may be left out.
    File(PathBuf),
    /// Whether a nameplate is a product.
    Decision(NewDecision),
}

/// "This nameplate is, or is not, that product."
#[derive(Clone, Debug, Default)]
pub struct NewDecision {
    pub vendor: String,
    pub model: String,
    pub part_number: String,
    pub product_vendor: String,
    /// As the advisory names it, without its versions.
    pub product: String,
    pub is_product: bool,
}

/// Whose word it is.
pub struct Signature {
    pub author: String,
    /// Calendar date, `2026-11-03`.
    pub date: String,
    /// Why, or where it was seen; may be blank.
    pub note: String,
}

/// What adding did.
pub struct AddedAliases {
    pub n_added: u64,
    /// Entries that were in force already.
    pub n_known: u64,
    pub aliases: Vec<Alias>,
}

/// Adds one person's word, all or nothing.
///
/// # Errors
///
/// It has no use as it is; the message says what was expected.
pub async fn add_alias(db: &Db, new: &NewAlias, signature: &Signature) -> Result<AddedAliases, AliasError> {
    let signed = Some((signature.author.as_str(), signature.date.as_str()));
    let aliases = match new {
        NewAlias::File(path) => read_file(path, signed)?,
        NewAlias::VendorName(text) => {
            let (name, vendor) = text
                .split_once('=')
                .map(|(name, vendor)| (name.trim(), vendor.trim()))
                .filter(|(name, vendor)| !name.is_empty() && !vendor.is_empty())
                .ok_or_else(|| AliasError::NoVendor { text: text.clone() })?;
            let catalogue = catalogue_of(db).await?.0;
            let vendors = catalogue.resolve_vendors(vendor);
            let [id] = vendors.known() else {
                return Err(AliasError::UnknownVendor { vendor: vendor.to_owned(), n: vendors.known().len() });
            };
            let mut entry = Table::new();
            entry.insert("name".to_owned(), Value::from(catalogue.vendor(*id).name.as_str()));
            entry.insert("aliases".to_owned(), Value::Array(vec![Value::from(name)]));
            one_entry(AliasKind::Vendor, entry, signature, signed)?
        }
        NewAlias::Decision(decision) => {
            let mut entry = Table::new();
            let NewDecision { vendor, model, part_number, product_vendor, product, is_product } = decision;
            for (key, text) in [("vendor", vendor), ("model", model), ("part_number", part_number)] {
                if !text.is_empty() {
                    entry.insert(key.to_owned(), Value::from(text.as_str()));
                }
            }
            entry.insert("product_vendor".to_owned(), Value::from(product_vendor.as_str()));
            entry.insert("product".to_owned(), Value::from(product.as_str()));
            entry.insert("is_product".to_owned(), Value::from(*is_product));
            one_entry(AliasKind::Decision, entry, signature, signed)?
        }
    };
    let added = save(db, aliases).await?;
    note_added(db, &added, &signature.author).await?;
    Ok(added)
}

/// Keeps in the audit which entries were added.
async fn note_added(db: &Db, added: &AddedAliases, who: &str) -> Result<(), StoreError> {
    if added.n_added == 0 {
        return Ok(());
    }
    let entries: Vec<String> = added.aliases.iter().take(MAX_TOLD).map(Alias::sentence).collect();
    let more = if added.aliases.len() > MAX_TOLD { "; and more" } else { "" };
    let n = added.n_added;
    let what = if n == 1 { "1 alias added".to_owned() } else { format!("{n} aliases added") };
    let deed = Deed::new(who, Act::ChangeAlias, what).changing("", format!("{}{more}", entries.join("; ")));
    note(db, deed, Timestamp::now()).await
}

/// An entry of a pack made of these values, signed.
///
/// # Errors
///
/// The catalogue cannot use it.
pub fn one_entry(
    kind: AliasKind,
    mut entry: Table,
    signature: &Signature,
    signed: Option<(&str, &str)>,
) -> Result<Vec<Alias>, AliasError> {
    if !signature.note.is_empty() {
        entry.insert("note".to_owned(), Value::from(signature.note.as_str()));
    }
    let whole = Table::from_iter([(kind.word().to_owned(), Value::Array(vec![Value::Table(entry)]))]);
    read_pack("alias", &whole.to_string(), signed).map_err(|problems| AliasError::Pack { problems })
}

/// Adds the entries of a pack that are not in force already, all or nothing. The same pack twice changes nothing.
///
/// # Errors
///
/// The file cannot be read, or any of its entries cannot be used.
pub async fn import_aliases(db: &Db, path: &Path, who: &str) -> Result<AddedAliases, AliasError> {
    let added = save(db, read_file(path, None)?).await?;
    note_added(db, &added, who).await?;
    Ok(added)
}

/// Adds the entries of a pack that was read already, all or nothing; `name` is what it is called in messages.
///
/// # Errors
///
/// Any of its entries cannot be used.
pub async fn import_alias_text(db: &Db, name: &str, text: &str, who: &str) -> Result<AddedAliases, AliasError> {
    let added = save(db, read_pack(name, text, None).map_err(|problems| AliasError::Pack { problems })?).await?;
    note_added(db, &added, who).await?;
    Ok(added)
}

/// Checks the entries together with those in force, then saves them.
async fn save(db: &Db, aliases: Vec<Alias>) -> Result<AddedAliases, AliasError> {
    let mut all: Vec<Alias> = store::alias::list_aliases_in_force(db).await?.into_iter().map(|k| k.alias).collect();
    let before = Catalogue::with_aliases(&all).1;
    all.extend(
        aliases.iter().filter(|new| !all.iter().any(|known| known.text == new.text)).cloned().collect::<Vec<_>>(),
    );
    let mut problems = Catalogue::with_aliases(&all).1;
    problems.retain(|problem| !before.contains(problem));
    if !problems.is_empty() {
        return Err(AliasError::Pack { problems });
    }
    let n_added = store::alias::save_aliases(db, &aliases, Timestamp::now()).await?;
    Ok(AddedAliases { n_added, n_known: aliases.len() as u64 - n_added, aliases })
}

/// Puts an alias out of force. It is kept, and [`restore_alias`] brings it back.
///
/// # Errors
///
/// No alias has this number, or it was removed before.
pub async fn remove_alias(db: &Db, alias_id: i64, who: &str) -> Result<KnownAlias, AliasError> {
    let known = store::alias::find_alias(db, alias_id).await?.ok_or(AliasError::Unknown { alias_id })?;
    if let Some(removed_at) = known.removed_at {
        return Err(AliasError::Removed { alias_id, removed_at });
    }
    let now = Timestamp::now();
    store::alias::delete_alias(db, alias_id, now).await?;
    let deed = Deed::new(who, Act::ChangeAlias, format!("alias {alias_id} put out of force"));
    note(db, deed.changing(known.alias.sentence(), ""), now).await?;
    Ok(known)
}

/// Brings a removed alias back into force, under a new number.
///
/// # Errors
///
/// No alias has this number, or it, or one that says the same, is in force.
pub async fn restore_alias(db: &Db, alias_id: i64, who: &str) -> Result<KnownAlias, AliasError> {
    let known = store::alias::find_alias(db, alias_id).await?.ok_or(AliasError::Unknown { alias_id })?;
    if save(db, vec![known.alias.clone()]).await?.n_added == 0 {
        return Err(AliasError::InForce { alias_id });
    }
    let deed = Deed::new(who, Act::ChangeAlias, format!("alias {alias_id} brought back"));
    note(db, deed.changing("", known.alias.sentence()), Timestamp::now()).await?;
    Ok(known)
}

/// The aliases in force as one pack.
///
/// # Errors
///
/// The database fails.
pub async fn export_aliases(db: &Db) -> Result<String, StoreError> {
    let known = store::alias::list_aliases_in_force(db).await?;
    let aliases: Vec<Alias> = known.into_iter().map(|known| known.alias).collect();
    Ok(write_pack(&aliases))
}

/// Whether an advisory of the database names this product; a decision on any other has no effect.
///
/// # Errors
///
/// The database fails.
pub async fn is_product_named(
    db: &Db,
    product_vendor: &str,
    product: &str,
    progress: &dyn Progress,
) -> Result<bool, LoadError> {
    let (catalogue, _) = catalogue_of(db).await?;
    let key = catalogue.product_key(product_vendor, product);
    Ok(current_index(db, progress).await?.index.names_product(&key))
}
