//! The texts by which advisories are found, and the list of advisories.

use rustc_hash::{FxHashMap, FxHashSet};

use super::advisory::{StoredDocument, key_digest, list_revisions_by_number};
use super::error::StoreError;
use super::text::{clean, count, digest, read_count};
use super::{Alone, BATCH, Db};
use crate::domain::account::SiteScope;
use crate::domain::advisory::AdvisoryRevision;
use crate::domain::advisory_note::{ListedAdvisory, Quality};
use crate::domain::advisory_search::{AdvisoryCursor, AdvisoryFilter, AdvisorySort, Compare, SearchField, SearchText};

/// What is kept of a revision so that it can be found.
#[derive(Clone, Debug)]
pub struct SearchedRevision {
    pub advisory_revision_id: i64,
    /// Empty when the document cannot be read any more.
    pub texts: Vec<SearchText>,
    pub quality: Quality,
    pub is_read: bool,
}

/// Documents whose texts are missing or of another form than `form`, oldest first, at most `limit`, with the id of
/// their revision.
pub async fn list_unsearched_documents(
    db: &Db,
    form: u32,
    limit: u32,
) -> Result<Vec<(i64, StoredDocument)>, StoreError> {
    let ids = sql!(
        db,
        all(i64,),
        "select r.advisory_revision_id from advisory_revision r where not exists ( \
            select 1 from advisory_search s where s.advisory_revision_id = r.advisory_revision_id and s.form = $1) \
         order by r.advisory_revision_id limit $2",
        i64::from(form),
        i64::from(limit)
    )?;
    super::advisory::list_documents_by_number(db, ids.into_iter().map(|(id,)| id).collect()).await
}

/// Keeps the texts of these revisions in place of those that were there. A revision that was deleted meanwhile is left
/// out.
pub async fn save_search_texts(db: &Db, form: u32, revisions: &[SearchedRevision]) -> Result<(), StoreError> {
    let mut tx = db.begin(Alone::Advisories).await?;
    for batch in revisions.chunks(BATCH) {
        let ids = || batch.iter().map(|revision| revision.advisory_revision_id);
        let there = for_list!(tx &mut tx, all (i64,),
            "select advisory_revision_id from advisory_revision where advisory_revision_id in", ids(), "")?;
        let there: FxHashSet<i64> = there.into_iter().map(|(id,)| id).collect();
        let batch: Vec<&SearchedRevision> =
            batch.iter().filter(|revision| there.contains(&revision.advisory_revision_id)).collect();
        for table in [
            "delete from advisory_text where advisory_revision_id in",
            "delete from advisory_search where advisory_revision_id in",
        ] {
            for_list!(tx &mut tx, exec, table, ids(), "")?;
        }
        let texts: Vec<(i64, &SearchText)> = batch
            .iter()
            .flat_map(|revision| revision.texts.iter().map(|text| (revision.advisory_revision_id, text)))
            .collect();
        for part in texts.chunks(BATCH) {
            insert!(
                &mut tx,
                "insert into advisory_text (advisory_revision_id, field_no, sort_key, text)",
                part,
                |b, (id, text)| b
                    .push_bind(*id)
                    .push_bind(text.field.number())
                    .push_bind(clean(&text.sort_key).as_ref())
                    .push_bind(clean(&text.text).as_ref())
            )?;
        }
        if !batch.is_empty() {
            insert!(
                &mut tx,
                "insert into advisory_search \
                 (advisory_revision_id, form, n_findings, n_findings_matter, n_schema, is_read)",
                &batch,
                |b, revision| b
                    .push_bind(revision.advisory_revision_id)
                    .push_bind(i64::from(form))
                    .push_bind(count(revision.quality.n_findings))
                    .push_bind(count(revision.quality.n_findings_that_matter))
                    .push_bind(count(revision.quality.n_schema))
                    .push_bind(revision.is_read)
            )?;
        }
    }
    tx.commit().await
}

/// A pattern for `like … escape '\'` that finds `needle` as it stands between `before` and `after`.
fn pattern(before: &str, needle: &str, after: &str) -> String {
    let mut pattern = format!("%{before}");
    for c in needle.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push_str(after);
    pattern.push('%');
    pattern
}

/// Appends `sql` and binds, for either database, the conditions of a filter on `r` (revision) and `d` (advisory).
macro_rules! push_filter {
    ($query:expr, $filter:expr) => {
        if !$filter.all_revisions {
            $query.push(" and r.is_current");
        }
        for condition in &$filter.conditions {
            $query.push(
                " and exists (select 1 from advisory_text t where t.advisory_revision_id = r.advisory_revision_id",
            );
            if let Some(field) = condition.field {
                $query.push(" and t.field_no = ").push_bind(field.number());
            }
            match condition.compare {
                Compare::Contains => {
                    $query.push(" and t.text like ").push_bind(pattern("", &condition.needle(), ""));
                    $query.push(" escape '\\'");
                }
                Compare::Is => {
                    $query.push(" and t.text like ").push_bind(pattern("\n", &condition.needle(), "\n"));
                    $query.push(" escape '\\'");
                }
                Compare::AtLeast => {
                    $query.push(" and t.sort_key >= ").push_bind(condition.needle());
                }
                Compare::AtMost => {
                    $query.push(" and t.sort_key <= ").push_bind(condition.needle());
                }
            }
            $query.push(")");
        }
        if let Some((reader, unread)) = &$filter.unread {
            $query.push(if *unread { " and not" } else { " and" });
            $query.push(
                " exists (select 1 from advisory_read m where m.advisory_revision_id = r.advisory_revision_id \
                 and m.reader_digest = ",
            );
            $query.push_bind(reader_digest(reader)).push(")");
        }
        if let Some(mine) = $filter.mine {
            $query.push(if mine { " and" } else { " and not" });
            $query
                .push(" exists (select 1 from exposure e where e.advisory_id = r.advisory_id and e.closed_at is null)");
        }
    };
}

/// The digest under which the marks of a reader are kept.
pub(super) fn reader_digest(reader: &str) -> String {
    digest(&[clean(reader)])
}

/// How many revisions the filter leaves.
pub async fn count_listed_advisories(db: &Db, filter: &AdvisoryFilter) -> Result<u64, StoreError> {
    let n: i64 = on!(db, c => {
        let mut query = sqlx::QueryBuilder::new("select count(*) from advisory_revision r where 1 = 1");
        push_filter!(query, filter);
        query.build_query_scalar().persistent(false).fetch_one(c).await
    })?;
    Ok(read_count(n))
}

/// The page of advisories after `after`, at most `limit`, in the order of `sort`, then of tracking id, namespace and
/// digest. Read marks are those of `reader`. Each row comes with the cursor that the next page begins after.
pub async fn list_advisories_by(
    db: &Db,
    filter: &AdvisoryFilter,
    sort: AdvisorySort,
    after: Option<&AdvisoryCursor>,
    limit: u32,
    reader: &str,
) -> Result<Vec<(ListedAdvisory, AdvisoryCursor)>, StoreError> {
    let direction = if sort.descending { " desc" } else { "" };
    let page: Vec<(i64, String)> = on!(db, c => {
        let mut query = sqlx::QueryBuilder::new(
            "select r.advisory_revision_id, coalesce(s.sort_key, '') as key_of_sort from advisory_revision r \
             join advisory d on d.advisory_id = r.advisory_id \
             left join advisory_text s on s.advisory_revision_id = r.advisory_revision_id and s.field_no = ");
        query.push_bind(sort.field.number()).push(" where 1 = 1");
        push_filter!(query, filter);
        if let Some(after) = after {
            query.push(" and (coalesce(s.sort_key, ''), d.tracking_id, d.namespace, r.sha256)");
            query.push(if sort.descending { " < (" } else { " > (" });
            query.push_bind(clean(&after.sort_key).into_owned()).push(", ");
            query.push_bind(clean(&after.key.id).into_owned()).push(", ");
            query.push_bind(clean(&after.key.namespace).into_owned()).push(", ");
            query.push_bind(after.sha256.clone()).push(")");
        }
        query.push(" order by key_of_sort").push(direction);
        query.push(", d.tracking_id").push(direction);
        query.push(", d.namespace").push(direction);
        query.push(", r.sha256").push(direction);
        query.push(" limit ").push_bind(i64::from(limit));
        query.build_query_as().persistent(false).fetch_all(c).await
    })?;
    let ids: Vec<i64> = page.iter().map(|(id, _)| *id).collect();
    let mut extras = Extras::load(db, &ids, reader).await?;
    let mut revisions = list_revisions_by_number(db, &ids).await?;
    Ok(page
        .into_iter()
        .filter_map(|(id, sort_key)| {
            let (revision, is_current) = revisions.remove(&id)?;
            let cursor = AdvisoryCursor { sort_key, key: revision.key.clone(), sha256: revision.sha256.clone() };
            Some((extras.listed(id, revision, is_current), cursor))
        })
        .collect())
}

/// Counts the open exposures of listed advisories anew, for somebody who sees these sites alone: those of nameplates that
/// have an asset there. Nothing changes for somebody who sees all.
pub async fn narrow_exposures(db: &Db, sites: &SiteScope, listed: &mut [ListedAdvisory]) -> Result<(), StoreError> {
    let SiteScope::Only(ids) = sites else { return Ok(()) };
    for line in listed.iter_mut().filter(|line| line.n_exposures > 0) {
        let key = &line.revision.key;
        let n: i64 = on!(db, c => {
            let mut query = sqlx::QueryBuilder::new(
                "select count(*) from exposure e join advisory d on d.advisory_id = e.advisory_id \
                 where e.closed_at is null and d.key_digest = ");
            query.push_bind(key_digest(key));
            query.push(
                " and exists (select 1 from asset_variant p join asset a on a.asset_id = p.asset_id \
                 where p.variant_id = e.variant_id and p.until is null \
                    and (e.asset_id is null or e.asset_id = p.asset_id) and a.site_id in (-1");
            for id in ids {
                query.push(", ").push_bind(*id);
            }
            query.push("))");
            query.build_query_scalar().persistent(false).fetch_one(c).await
        })?;
        line.n_exposures = read_count(n);
    }
    Ok(())
}

/// What a list shows of revisions beside what is kept with their documents.
#[derive(Default)]
struct Extras {
    texts: FxHashMap<(i64, i64), String>,
    quality: FxHashMap<i64, Quality>,
    read: FxHashSet<i64>,
    comments: FxHashMap<i64, u64>,
    exposures: FxHashMap<i64, u64>,
}

/// The fields of which a list shows a value.
const SHOWN: [SearchField; 5] =
    [SearchField::Category, SearchField::Tlp, SearchField::Severity, SearchField::Cvss, SearchField::Fate];

impl Extras {
    async fn load(db: &Db, ids: &[i64], reader: &str) -> Result<Extras, StoreError> {
        let mut extras = Extras::default();
        for batch in ids.chunks(BATCH) {
            let of = || batch.iter().copied();
            let texts = for_list!(
                db,
                all(i64, i64, String, String),
                "select advisory_revision_id, field_no, sort_key, text from advisory_text \
                 where field_no in (3, 5, 16, 24, 44) and advisory_revision_id in",
                of(),
                ""
            )?;
            for (id, field, sort_key, text) in texts {
                let value = if field == SearchField::Cvss.number() { sort_key } else { text.trim().to_owned() };
                extras.texts.insert((id, field), value);
            }
            let quality = for_list!(
                db,
                all(i64, i64, i64, i64),
                "select advisory_revision_id, n_findings, n_findings_matter, n_schema from advisory_search \
                 where advisory_revision_id in",
                of(),
                ""
            )?;
            extras.quality.extend(quality.into_iter().map(|(id, n, matter, schema)| {
                let quality = Quality {
                    n_findings: read_count(n),
                    n_findings_that_matter: read_count(matter),
                    n_schema: read_count(schema),
                };
                (id, quality)
            }));
            let marks = for_list!(
                db,
                all(i64, String),
                "select advisory_revision_id, reader_digest from advisory_read where advisory_revision_id in",
                of(),
                ""
            )?;
            let own = reader_digest(reader);
            extras.read.extend(marks.into_iter().filter(|(_, of)| *of == own).map(|(id, _)| id));
            for (numbers, head, tail) in [
                (
                    &mut extras.comments,
                    "select r.advisory_revision_id, count(*) from advisory_revision r \
                     join advisory_comment n on n.advisory_id = r.advisory_id where r.advisory_revision_id in",
                    "group by r.advisory_revision_id",
                ),
                (
                    &mut extras.exposures,
                    "select r.advisory_revision_id, count(*) from advisory_revision r \
                     join exposure e on e.advisory_id = r.advisory_id and e.closed_at is null \
                     where r.advisory_revision_id in",
                    "group by r.advisory_revision_id",
                ),
            ] {
                let counted = for_list!(db, all(i64, i64), head, of(), tail)?;
                numbers.extend(counted.into_iter().map(|(id, n)| (id, read_count(n))));
            }
        }
        Ok(extras)
    }

    fn listed(&mut self, id: i64, revision: AdvisoryRevision, is_current: bool) -> ListedAdvisory {
        let [category, tlp, aggregate_severity, cvss, fate] =
            SHOWN.map(|field| self.texts.remove(&(id, field.number())).unwrap_or_default());
        ListedAdvisory {
            revision,
            is_current,
            category,
            tlp: tlp.to_uppercase(),
            aggregate_severity,
            cvss: cvss.parse().ok(),
            fate,
            is_read: self.read.contains(&id),
            n_comments: self.comments.get(&id).copied().unwrap_or(0),
            n_exposures: self.exposures.get(&id).copied().unwrap_or(0),
            quality: self.quality.get(&id).copied().unwrap_or_default(),
        }
    }
}
