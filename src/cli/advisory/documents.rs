//! Working with the documents of the database: find, mark, note, compare and take away.

use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;

use super::super::bars::Bars;
use super::super::mark::who;
use super::super::{Context, Outcome};
use crate::domain::advisory::AdvisoryKey;
use crate::domain::advisory_note::{Deletion, ListedAdvisory};
use crate::domain::advisory_search::{AdvisoryFilter, AdvisorySort};
use crate::domain::change::Turn;
use crate::domain::rescan::Trigger;
use crate::report::advisory_diff::{differences_heading, differences_text};
use crate::services::advisory_notes::{comment as comment_on, mark_read, remove_advisory, remove_comment};
use crate::services::diff_advisory::{AdvisoryDiff, diff_advisory, find_key};
use crate::services::rescan::rescan;
use crate::services::search_advisories::search_advisories;
use crate::store;

/// List advisories: by their fields, by CVE, by what their product tree names
///
/// Words without a field are looked for everywhere. FIELD:TEXT finds TEXT in a field, FIELD=TEXT the whole value,
/// FIELD>=TEXT and FIELD<=TEXT compare. All words must hold.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Fields: id, title, category, csaf_version, tlp, publisher_category, publisher, namespace, status, version, released,
updated, revision_number, revision_date, revision_summary, severity, generator, sharing_group, alias, language, cve,
vulnerability_id, cwe, cvss, vendor, family, product, product_version, branch, branch_category, product_id,
model_number, sku, serial_number, cpe, purl, hash, sbom_url, generic_uri, group, path, reference, product_status, fate,
oddity

Examples:
  nameplate advisory list powerlogic 'cvss>=9' --sort -updated
  nameplate advisory list cve=CVE-2022-46680
  nameplate advisory list vendor:siemens 'product:S7-1500' 'updated>=2024-01-01' --mine
  nameplate advisory list --unread --limit 20")]
pub struct ListArguments {
    /// What to look for
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    /// The field to sort by; with `-` in front the greatest first
    #[arg(long, value_name = "FIELD", default_value = "id", allow_hyphen_values = true)]
    sort: String,
    /// Only advisories that an exposure is open to
    #[arg(long)]
    mine: bool,
    /// Only advisories that the reader has not marked as read
    #[arg(long)]
    unread: bool,
    /// Older revisions as well
    #[arg(long)]
    all_revisions: bool,
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Whose marks count
    #[arg(long, value_name = "NAME", default_value = "", env = "NAMEPLATE_USER", hide_env_values = true)]
    reader: String,
}

/// One advisory by its id.
#[derive(Debug, Args)]
pub struct Named {
    /// The tracking id of the document; case does not matter
    #[arg(value_name = "ID")]
    id: String,
    /// Name or namespace of the publisher, where several use the id
    #[arg(long, value_name = "NAME")]
    publisher: Option<String>,
}

/// Take an advisory, or one revision of it, out of the database
///
/// Says what goes away with it and does it with --yes. Exposures are closed and kept as history. A source that still
/// publishes the document may bring it back.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nameplate advisory delete ICSA-23-229-03
  nameplate advisory delete ICSA-23-229-03 --revision 2 --yes")]
pub struct DeleteArguments {
    #[command(flatten)]
    named: Named,
    /// Only the revision with this version
    #[arg(long, value_name = "VERSION")]
    revision: Option<String>,
    /// Do it
    #[arg(long)]
    yes: bool,
}

/// Note something about an advisory, or show what was noted
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nameplate advisory comment ICSA-23-229-03 'The integrator patches in the June stop'
  nameplate advisory comment ICSA-23-229-03
  nameplate advisory comment ICSA-23-229-03 --remove 4")]
pub struct CommentArguments {
    #[command(flatten)]
    named: Named,
    /// The comment; without it the comments are listed
    #[arg(value_name = "TEXT")]
    text: Option<String>,
    /// Take the comment with this number away
    #[arg(long, value_name = "N", conflicts_with = "text")]
    remove: Option<i64>,
    /// Who says so
    #[arg(long, value_name = "NAME", default_value = "", env = "NAMEPLATE_USER", hide_env_values = true)]
    author: String,
}

/// Mark the current revision of advisories as read
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nameplate advisory read ICSA-23-229-03
  nameplate advisory read ICSA-23-229-03 ICSA-24-011-02 --reader ada")]
pub struct ReadArguments {
    /// Tracking ids
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
    /// Who has read them
    #[arg(long, value_name = "NAME", default_value = "", env = "NAMEPLATE_USER", hide_env_values = true)]
    reader: String,
}

/// Take the marks of `advisory read` away
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nameplate advisory unread ICSA-23-229-03
  nameplate advisory unread ICSA-23-229-03 --reader ada")]
pub struct UnreadArguments {
    #[command(flatten)]
    marks: ReadArguments,
}

/// Compare two revisions of an advisory: first what changes for your devices, then the document
///
/// Without versions the current revision is compared with the one before it.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nameplate advisory diff ICSA-23-229-03
  nameplate advisory diff ICSA-23-229-03 1 3")]
pub struct DiffArguments {
    #[command(flatten)]
    named: Named,
    /// The version to start from
    #[arg(value_name = "BEFORE")]
    before: Option<String>,
    /// The version to end with
    #[arg(value_name = "AFTER")]
    after: Option<String>,
}

/// Advisories that are fetched from the database at a time.
const PAGE: u32 = 1_000;

/// Kinds of devices that a comparison lists.
const MAX_DEVICES: usize = 50;

pub async fn list(arguments: &ListArguments, context: &Context) -> Outcome {
    let mut filter = AdvisoryFilter {
        unread: arguments.unread.then(|| (arguments.reader.clone(), true)),
        mine: arguments.mine.then_some(true),
        all_revisions: arguments.all_revisions,
        ..AdvisoryFilter::default()
    };
    for word in &arguments.words {
        filter.conditions.push(AdvisoryFilter::read_condition(word)?);
    }
    let sort = AdvisorySort::read(&arguments.sort)?;
    let db = context.open_database().await?;
    let bars = Bars::new(context.quiet);
    let mut left = arguments.limit.unwrap_or(usize::MAX);
    let mut after = None;
    while left > 0 {
        let limit = u32::try_from(left).unwrap_or(u32::MAX).min(PAGE);
        let page = search_advisories(&db, &filter, sort, after.as_ref(), limit, &arguments.reader, &bars).await?;
        for advisory in &page.advisories {
            println!("{}", listed(advisory));
        }
        left -= page.advisories.len();
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    if filter == AdvisoryFilter::default() {
        for unreadable in store::advisory::list_unreadable_advisories(&db).await? {
            println!("{}\tunreadable\t{}", unreadable.name, unreadable.error);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn listed(advisory: &ListedAdvisory) -> String {
    let ListedAdvisory { revision, .. } = advisory;
    let date = revision.updated_at.map_or_else(|| "-".to_owned(), |at| at.strftime("%Y-%m-%d").to_string());
    let cvss = advisory.cvss.map_or_else(|| "-".to_owned(), |score| format!("{score:.1}"));
    let mut marks = String::new();
    if !advisory.is_current {
        marks.push_str(" (older)");
    }
    if !matches!(advisory.fate.as_str(), "" | "stands") {
        marks.push_str(&format!(" ({})", advisory.fate));
    }
    let (id, version, title) = (&revision.key.id, &revision.version, &revision.title);
    format!("{id}\t{date}\trevision {version}{marks}\t{cvss}\t{title}")
}

pub async fn delete(arguments: &DeleteArguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let key = find_key(&db, &arguments.named.id, arguments.named.publisher.as_deref()).await?;
    let mut meant: Vec<String> = Vec::new();
    if let Some(version) = &arguments.revision {
        let revisions = store::advisory::list_advisory_revisions(&db, &key).await?;
        meant = revisions.into_iter().filter(|r| r.version == *version).map(|r| r.sha256).collect();
        if meant.is_empty() {
            return Err(format!("cannot delete `{}`: no revision `{version}` is kept", key.id).into());
        }
    }
    let Some(plan) = store::advisory_note::plan_deletion(&db, &key, &meant).await? else {
        return Err(format!("cannot delete `{}`: no revision is kept", key.id).into());
    };
    print!("{}", deletion_text(&plan, arguments.yes));
    if !arguments.yes {
        return Err("nothing was deleted\nhint: the same command with --yes does it".into());
    }
    remove_advisory(&db, &key, &meant, &who(None), Timestamp::now()).await?;
    // The exposures close, or follow the revision that counts now, in a run of their own.
    let done = rescan(&db, Trigger::Advisory, &Bars::new(context.quiet)).await?;
    println!("Deleted. Exposures closed {}, changed {}.", done.rescan.n_closed, done.rescan.n_changed);
    Ok(ExitCode::SUCCESS)
}

fn deletion_text(plan: &Deletion, is_done: bool) -> String {
    let would = if is_done { "Goes" } else { "Would go" };
    let mut text = format!("{would} away: {} revision {}", plan.advisory.id, plan.versions.join(", "));
    text.push_str(&format!(", {} comments, {} read marks.\n", plan.n_comments, plan.n_read_marks));
    match &plan.version_left {
        Some(version) => text.push_str(&format!("Revision {version} counts afterwards.\n")),
        None => text.push_str("No revision is left.\n"),
    }
    text.push_str(&format!(
        "Exposures: {} open ones are judged anew, and {} closed ones stay as history.\n",
        plan.n_open_exposures, plan.n_closed_exposures
    ));
    text
}

pub async fn comment(arguments: &CommentArguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let key = find_key(&db, &arguments.named.id, arguments.named.publisher.as_deref()).await?;
    if let Some(number) = arguments.remove {
        let comments = store::advisory_note::list_advisory_comments(&db, &key).await?;
        let Some(comment) = comments.iter().find(|comment| comment.comment_id == number) else {
            return Err(format!("cannot remove comment {number}: `{}` has none of this number", key.id).into());
        };
        remove_comment(&db, comment, &who(None), Timestamp::now()).await?;
    } else if let Some(text) = &arguments.text {
        if text.trim().is_empty() {
            return Err("cannot add a comment: expected a text, found none".into());
        }
        comment_on(&db, &key, &arguments.author, text, Timestamp::now()).await?;
    }
    for comment in store::advisory_note::list_advisory_comments(&db, &key).await? {
        let day = comment.commented_at.strftime("%Y-%m-%d %H:%M UTC");
        println!("{}\t{day}\t{}\t{}", comment.comment_id, comment.author, comment.text);
    }
    Ok(ExitCode::SUCCESS)
}

/// The advisories with these ids; of each the publishers that use it.
async fn keys_of(db: &store::Db, ids: &[String]) -> Result<Vec<AdvisoryKey>, Box<dyn std::error::Error>> {
    let mut keys = Vec::new();
    for id in ids {
        let found = store::advisory::list_advisories_by_id(db, id).await?;
        if found.is_empty() {
            return Err(format!("cannot mark `{id}`: no advisory of the database has this id").into());
        }
        keys.extend(found.into_iter().map(|revision| revision.key));
    }
    Ok(keys)
}

pub async fn read(arguments: &ReadArguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    for key in keys_of(&db, &arguments.ids).await? {
        mark_read(&db, &key, &arguments.reader, true, Timestamp::now()).await?;
    }
    Ok(ExitCode::SUCCESS)
}

pub async fn unread(arguments: &UnreadArguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    for key in keys_of(&db, &arguments.marks.ids).await? {
        mark_read(&db, &key, &arguments.marks.reader, false, Timestamp::now()).await?;
    }
    Ok(ExitCode::SUCCESS)
}

pub async fn diff(arguments: &DiffArguments, context: &Context) -> Outcome {
    let db = context.open_database().await?;
    let key = find_key(&db, &arguments.named.id, arguments.named.publisher.as_deref()).await?;
    let diff = diff_advisory(&db, &key, arguments.before.as_deref(), arguments.after.as_deref()).await?;
    print!("{}", diff_text(&diff));
    Ok(ExitCode::SUCCESS)
}

fn diff_text(diff: &AdvisoryDiff) -> String {
    let id = &diff.after.key.id;
    let mut text = format!("{id}: revision {} → {}\n\nFor your devices\n", diff.before.version, diff.after.version);
    if diff.devices.is_empty() {
        text.push_str("  nothing changes\n");
    }
    for turn in Turn::ALL {
        let of: Vec<_> = diff.devices.iter().filter(|device| device.change.turn() == turn).collect();
        if !of.is_empty() {
            let n_assets: u64 = of.iter().map(|device| device.n_assets).sum();
            text.push_str(&format!("  {}: {n_assets} devices of {} kinds\n", turn.word(), of.len()));
        }
    }
    for device in diff.devices.iter().take(MAX_DEVICES) {
        let plate = &device.variant.nameplate;
        let name = [&plate.vendor, &plate.model, &plate.part_number, &device.variant.firmware]
            .into_iter()
            .filter(|part| !part.is_empty())
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(" ");
        let reason = device.change.told().map_or("", |finding| finding.reason.as_str());
        text.push_str(&format!("  {:>6} × {name}: {} ({reason})\n", device.n_assets, device.change.in_words()));
    }
    if diff.devices.len() > MAX_DEVICES {
        text.push_str(&format!("  … and {} more kinds\n", diff.devices.len() - MAX_DEVICES));
    }
    if diff.n_same > 0 {
        text.push_str(&format!("  the same for {} kinds of devices\n", diff.n_same));
    }
    text.push_str(&format!("\n{}\n{}", differences_heading(&diff.document), differences_text(&diff.document)));
    text
}
