//! Questions that wait for an answer, and the answers.

use jiff::Timestamp;

use super::audit::save_audit;
use super::error::StoreError;
use super::text::{clean, count, json, read_count, read_json, read_time, read_time_if_any, time};
use super::{Alone, BATCH, Db, Tx};
use crate::domain::account::SiteScope;
use crate::domain::audit::NewAudit;
use crate::domain::catalogue::pack::Alias;
use crate::domain::rescan::RescanResult;
use crate::domain::review::{Answer, KnownAnswer, OpenQuestion, Question, QuestionKind, Spelling};

/// The questions `q` of a queue with who waits for them at the sites of a scope: `w`, or `q` itself for all sites. An
/// answer that holds for one asset or site leaves the others in the question, so only answers to all take it out.
macro_rules! push_queue {
    ($query:expr, $queue:expr, $sites:expr) => {
        match $sites {
            SiteScope::All => drop($query.push(" from review_question q where q.n_sites > 0 and ")),
            SiteScope::Only(ids) => {
                $query.push(
                    " from (select question_digest, cast(sum(n_assets) as bigint) as n_assets, \
                        cast(sum(n_exposures) as bigint) as n_exposures, count(*) as n_sites \
                     from review_site where site_id in (-1",
                );
                for id in ids {
                    $query.push(", ").push_bind(*id);
                }
                $query.push(
                    ") group by question_digest) w \
                    join review_question q on q.question_digest = w.question_digest where ",
                );
            }
        }
        match $queue {
            Queue::Waiting(kind) => {
                $query.push("q.kind = ").push_bind(kind.word()).push(
                    " and not exists (select 1 from review_answer a where a.question_digest = q.question_digest \
                        and a.taken_back_at is null and a.fingerprint_digest = q.fingerprint_digest \
                        and a.site = '' and a.asset_id is null and a.for_later)",
                );
            }
            Queue::CannotTell => {
                $query.push(
                    "q.kind = 'product' and exists (select 1 from review_answer a \
                        where a.question_digest = q.question_digest and a.taken_back_at is null \
                        and a.fingerprint_digest = q.fingerprint_digest and a.answer = 'cannot_tell')",
                );
            }
        }
    };
}

/// Limits `a.site_id` to the sites of a scope.
macro_rules! push_sites {
    ($query:expr, $sites:expr) => {
        if let SiteScope::Only(ids) = $sites {
            $query.push(" and a.site_id in (-1");
            for id in ids {
                $query.push(", ").push_bind(*id);
            }
            $query.push(")");
        }
    };
}

/// Limits the asset of `p` to the sites of a scope.
macro_rules! push_sites_of_asset {
    ($query:expr, $sites:expr) => {
        if *$sites != SiteScope::All {
            $query.push(" and exists (select 1 from asset a where a.asset_id = p.asset_id");
            push_sites!($query, $sites);
            $query.push(")");
        }
    };
}

/// Saves what a run found out about questions, and counts anew who waits for those that it touched.
pub(super) async fn save_questions(tx: &mut Tx, result: &RescanResult) -> Result<(), StoreError> {
    for batch in result.answered.chunks(BATCH) {
        for head in
            ["delete from review_site where question_digest in", "delete from review_question where question_digest in"]
        {
            for_list!(tx &mut *tx, exec, head, batch.iter().map(String::as_str), "")?;
        }
    }
    for batch in result.questions.chunks(BATCH) {
        insert!(
            &mut *tx,
            "insert into review_question (question_digest, kind, vendor, model, part_number, product_vendor, product, \
             detail, ranges, fingerprint_digest, cvss_tenths, n_exploited, n_advisories)",
            batch,
            |b, q| b
                .push_bind(q.digest.as_str())
                .push_bind(q.kind.word())
                .push_bind(clean(&q.vendor).as_ref())
                .push_bind(clean(&q.model).as_ref())
                .push_bind(clean(&q.part_number).as_ref())
                .push_bind(clean(&q.product_vendor).as_ref())
                .push_bind(clean(&q.product).as_ref())
                .push_bind(clean(&q.detail).as_ref())
                .push_bind(json(&q.ranges))
                .push_bind(q.fingerprint.as_str())
                .push_bind(q.cvss_tenths.map_or(-1, i64::from))
                .push_bind(count(q.n_exploited))
                .push_bind(count(q.n_advisories)),
            "on conflict (question_digest) do update set vendor = excluded.vendor, model = excluded.model, \
                part_number = excluded.part_number, product_vendor = excluded.product_vendor, \
                product = excluded.product, detail = excluded.detail, ranges = excluded.ranges, \
                fingerprint_digest = excluded.fingerprint_digest, cvss_tenths = excluded.cvss_tenths, \
                n_exploited = excluded.n_exploited, n_advisories = excluded.n_advisories"
        )?;
        let digests = || batch.iter().map(|q| q.digest.as_str());
        for_list!(tx &mut *tx, exec, "delete from review_site where question_digest in", digests(), "")?;
        // Assets are counted per variant first: a variant has thousands of them, and several advisories ask the same.
        for_list!(tx &mut *tx, exec,
            "with asked as ( \
                select question_digest, variant_id, asset_id, count(*) as n from exposure \
                where closed_at is null and question_digest <> '' and question_digest in",
            digests(),
            "group by question_digest, variant_id, asset_id \
             ), held as ( \
                select p.variant_id, a.site_id, count(*) as n from asset_variant p \
                join asset a on a.asset_id = p.asset_id \
                where p.until is null and p.variant_id in (select variant_id from asked where asset_id is null) \
                group by p.variant_id, a.site_id \
             ), one as ( \
                select asked.question_digest, a.site_id, a.asset_id, asked.n from asked \
                join asset a on a.asset_id = asked.asset_id \
                join asset_variant p on p.asset_id = a.asset_id and p.until is null \
                    and p.variant_id = asked.variant_id \
             ), waiting as ( \
                select asked.question_digest, held.site_id, held.n as n_assets, held.n * asked.n as n_exposures \
                from asked join held on held.variant_id = asked.variant_id where asked.asset_id is null \
                union all select question_digest, site_id, 1, n from one \
             ) \
             insert into review_site (question_digest, site_id, n_assets, n_exposures) \
             select question_digest, site_id, cast(sum(n_assets) as bigint), cast(sum(n_exposures) as bigint) \
             from waiting group by question_digest, site_id")?;
        for_list!(tx &mut *tx, exec,
            "update review_question set \
                n_assets = coalesce((select cast(sum(w.n_assets) as bigint) from review_site w \
                    where w.question_digest = review_question.question_digest), 0), \
                n_exposures = coalesce((select cast(sum(w.n_exposures) as bigint) from review_site w \
                    where w.question_digest = review_question.question_digest), 0), \
                n_sites = (select count(*) from review_site w \
                    where w.question_digest = review_question.question_digest) \
             where question_digest in",
            digests(), "")?;
    }
    if !result.questions.is_empty() {
        tx.refresh_statistics(&["review_question", "review_site"]).await?;
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct QuestionRow {
    question_digest: String,
    kind: String,
    vendor: String,
    model: String,
    part_number: String,
    product_vendor: String,
    product: String,
    detail: String,
    ranges: String,
    fingerprint_digest: String,
    cvss_tenths: i64,
    n_exploited: i64,
    n_advisories: i64,
}

impl QuestionRow {
    fn into_domain(self) -> Result<Question, StoreError> {
        let kind = QuestionKind::from_word(&self.kind).ok_or(StoreError::Damaged {
            column: "review_question.kind",
            expected: "a kind of question",
            found: self.kind,
        })?;
        Ok(Question {
            digest: self.question_digest,
            kind,
            vendor: self.vendor,
            model: self.model,
            part_number: self.part_number,
            product_vendor: self.product_vendor,
            product: self.product,
            detail: self.detail,
            ranges: read_json("review_question.ranges", &self.ranges)?,
            fingerprint: self.fingerprint_digest,
            cvss_tenths: u32::try_from(self.cvss_tenths).ok(),
            n_exploited: read_count(self.n_exploited),
            n_advisories: read_count(self.n_advisories),
        })
    }
}

#[derive(sqlx::FromRow)]
struct OpenRow {
    #[sqlx(flatten)]
    question: QuestionRow,
    n_assets: i64,
    n_exposures: i64,
    n_sites: i64,
}

/// Which questions are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// Of this kind, and no answer that holds.
    Waiting(QuestionKind),
    /// Products that somebody could not tell: they wait for a reading.
    CannotTell,
}

/// The table of [`push_queue`] that tells who waits.
fn waiting(sites: &SiteScope) -> &'static str {
    if *sites == SiteScope::All { "q." } else { "w." }
}

/// At most `limit` questions of a queue at the sites of this scope, from the place `offset` on: exploited first, then by
/// severity, then by the exposures that the answer settles.
///
/// A person skips and answers from the front, so places are few; the order has no key to go on from, because answers
/// change it.
pub async fn list_questions(
    db: &Db,
    queue: Queue,
    sites: &SiteScope,
    offset: u64,
    limit: u32,
) -> Result<Vec<OpenQuestion>, StoreError> {
    let mut tx = db.begin_read().await?;
    let waiting = waiting(sites);
    let rows: Vec<OpenRow> = on!(tx &mut tx, c => {
        let mut query = sqlx::QueryBuilder::new(
            "select q.question_digest, q.kind, q.vendor, q.model, q.part_number, q.product_vendor, q.product, q.detail, \
                q.ranges, q.fingerprint_digest, q.cvss_tenths, q.n_exploited, q.n_advisories");
        for column in ["n_assets", "n_exposures", "n_sites"] {
            query.push(", ").push(waiting).push(column);
        }
        push_queue!(query, queue, sites);
        query.push(" order by case when q.n_exploited > 0 then 0 else 1 end, q.cvss_tenths desc, ");
        query.push(waiting).push("n_exposures desc, q.question_digest limit ");
        query.push_bind(i64::from(limit)).push(" offset ").push_bind(count(offset));
        query.build_query_as().persistent(false).fetch_all(c).await
    })?;
    let mut open = Vec::with_capacity(rows.len());
    for row in rows {
        let question = row.question.into_domain()?;
        let earlier = find_answer_in(&mut tx, &question.digest).await?;
        let (proposal, asked_again) = match earlier {
            Some(answer) if answer.question.fingerprint == question.fingerprint => (Some(answer), None),
            other => (None, other),
        };
        open.push(OpenQuestion {
            asked_again,
            proposal,
            question,
            n_assets: read_count(row.n_assets),
            n_exposures: read_count(row.n_exposures),
            n_sites: read_count(row.n_sites),
        });
    }
    Ok(open)
}

/// How many questions a queue has at the sites of this scope, and how many exposures their answers settle.
pub async fn count_questions(db: &Db, queue: Queue, sites: &SiteScope) -> Result<(u64, u64), StoreError> {
    let (n, n_exposures): (i64, i64) = on!(db, c => {
        let mut query = sqlx::QueryBuilder::new("select count(*), cast(coalesce(sum(");
        query.push(waiting(sites)).push("n_exposures), 0) as bigint)");
        push_queue!(query, queue, sites);
        query.build_query_as().persistent(false).fetch_one(c).await
    })?;
    Ok((read_count(n), read_count(n_exposures)))
}

/// The question with this digest, if it is open.
pub async fn find_question(db: &Db, question_digest: &str) -> Result<Option<Question>, StoreError> {
    sql!(db, opt QuestionRow,
        "select question_digest, kind, vendor, model, part_number, product_vendor, product, detail, ranges, \
            fingerprint_digest, cvss_tenths, n_exploited, n_advisories from review_question \
         where question_digest = $1", clean(question_digest).as_ref())?
    .map(QuestionRow::into_domain)
    .transpose()
}

/// The spellings of the nameplate of a question with their firmware, most frequent first, at the sites of this scope;
/// at most `limit`.
pub async fn list_spellings(
    db: &Db,
    question_digest: &str,
    sites: &SiteScope,
    limit: u32,
) -> Result<Vec<Spelling>, StoreError> {
    let rows: Vec<(String, String, String, String, i64)> = on!(db, c => {
        // Whole variants are counted by site already; only exposures of single assets are looked up one by one.
        let mut query = sqlx::QueryBuilder::new(
            "with asked as ( \
                select distinct variant_id, asset_id from exposure where closed_at is null and question_digest <> '' and question_digest = ");
        query.push_bind(question_digest);
        query.push(
            "), held as ( \
                select a.variant_id, a.n_assets as n from site_variant a \
                where a.variant_id in (select variant_id from asked where asset_id is null)");
        push_sites!(query, sites);
        query.push(
            " union all \
                select p.variant_id, 1 from asked cross join asset_variant p cross join asset a \
                where p.asset_id = asked.asset_id and p.variant_id = asked.variant_id and p.until is null \
                    and a.asset_id = asked.asset_id \
                    and asked.variant_id not in (select variant_id from asked where asset_id is null)");
        push_sites!(query, sites);
        query.push(
            ") select v.vendor, v.model, v.part_number, v.firmware, cast(sum(held.n) as bigint) as n \
             from held join variant v on v.variant_id = held.variant_id \
             group by v.vendor, v.model, v.part_number, v.firmware \
             order by sum(held.n) desc, v.vendor, v.model, v.part_number, v.firmware limit ");
        query.push_bind(i64::from(limit));
        query.build_query_as().persistent(false).fetch_all(c).await
    })?;
    Ok(rows
        .into_iter()
        .map(|(vendor, model, part_number, firmware, n)| Spelling {
            vendor,
            model,
            part_number,
            firmware,
            n_assets: read_count(n),
        })
        .collect())
}

/// The names of the sites of this scope whose assets wait for the answer to a question, sorted.
pub async fn list_question_sites(db: &Db, question_digest: &str, sites: &SiteScope) -> Result<Vec<String>, StoreError> {
    Ok(on!(db, c => {
        let mut query = sqlx::QueryBuilder::new(
            "select s.name from review_site a join site s on s.site_id = a.site_id where a.question_digest = ");
        query.push_bind(question_digest);
        push_sites!(query, sites);
        query.push(" order by s.name");
        query.build_query_scalar().persistent(false).fetch_all(c).await
    })?)
}

/// The assets that wait for the answer to a question, as (asset, variant), by asset id from above `after`; at most
/// `limit`, at the sites of this scope.
pub async fn list_question_assets(
    db: &Db,
    question_digest: &str,
    sites: &SiteScope,
    after: i64,
    limit: u32,
) -> Result<Vec<(i64, i64)>, StoreError> {
    Ok(on!(db, c => {
        let mut query = sqlx::QueryBuilder::new(
            "with asked as ( \
                select distinct variant_id, asset_id from exposure where closed_at is null and question_digest <> '' and question_digest = ");
        query.push_bind(question_digest);
        query.push(
            ") select p.asset_id, p.variant_id from asset_variant p where p.until is null \
                and p.variant_id in (select variant_id from asked where asset_id is null) and p.asset_id > ");
        query.push_bind(after);
        push_sites_of_asset!(query, sites);
        query.push(
            " union select p.asset_id, p.variant_id from asked cross join asset_variant p \
              where p.asset_id = asked.asset_id and p.variant_id = asked.variant_id and p.until is null \
                and p.asset_id > ");
        query.push_bind(after);
        push_sites_of_asset!(query, sites);
        query.push(" order by 1 limit ").push_bind(i64::from(limit));
        query.build_query_as().persistent(false).fetch_all(c).await
    })?)
}

/// The tracking ids of the advisories that ask a question, sorted.
pub async fn list_question_advisories(db: &Db, question_digest: &str) -> Result<Vec<String>, StoreError> {
    let rows = sql!(
        db,
        all(String,),
        "select distinct d.tracking_id from exposure e join advisory d on d.advisory_id = e.advisory_id \
         where e.closed_at is null and e.question_digest <> '' and e.question_digest = $1 order by d.tracking_id",
        question_digest
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

#[derive(sqlx::FromRow)]
struct AnswerRow {
    review_answer_id: i64,
    question_digest: String,
    kind: String,
    answer: String,
    vendor: String,
    model: String,
    part_number: String,
    product_vendor: String,
    product: String,
    detail: String,
    ranges: String,
    fingerprint_digest: String,
    site: String,
    asset_id: Option<i64>,
    for_later: bool,
    note: String,
    effect: String,
    who: String,
    answered_at: String,
    taken_back_at: Option<String>,
    taken_back_by: Option<String>,
    audit_entry_id: i64,
    alias_entry_id: Option<i64>,
}

impl AnswerRow {
    fn into_domain(self) -> Result<KnownAnswer, StoreError> {
        let answer = Answer::from_word(&self.answer).ok_or(StoreError::Damaged {
            column: "review_answer.answer",
            expected: "an answer",
            found: self.answer,
        })?;
        Ok(KnownAnswer {
            answer_id: self.review_answer_id,
            question: QuestionRow {
                question_digest: self.question_digest,
                kind: self.kind,
                vendor: self.vendor,
                model: self.model,
                part_number: self.part_number,
                product_vendor: self.product_vendor,
                product: self.product,
                detail: self.detail,
                ranges: self.ranges,
                fingerprint_digest: self.fingerprint_digest,
                cvss_tenths: -1,
                n_exploited: 0,
                n_advisories: 0,
            }
            .into_domain()?,
            answer,
            site: self.site,
            asset_id: self.asset_id,
            for_later: self.for_later,
            note: self.note,
            effect: self.effect,
            who: self.who,
            answered_at: read_time("review_answer.answered_at", &self.answered_at)?,
            taken_back_at: read_time_if_any("review_answer.taken_back_at", self.taken_back_at.as_deref())?,
            taken_back_by: self.taken_back_by.unwrap_or_default(),
            audit_id: self.audit_entry_id,
            alias_id: self.alias_entry_id,
        })
    }
}

macro_rules! select_answer {
    ($tail:literal) => {
        concat!(
            "select review_answer_id, question_digest, kind, answer, vendor, model, part_number, product_vendor, \
             product, detail, ranges, fingerprint_digest, site, asset_id, for_later, note, effect, who, answered_at, \
             taken_back_at, audit_entry_id, alias_entry_id, \
             (select w.who from audit_entry w where w.undoes_audit_entry_id = review_answer.audit_entry_id) \
                as taken_back_by from review_answer ",
            $tail
        )
    };
}

/// The latest answer to a question that was not taken back, whether it still holds or not.
async fn find_answer_in(tx: &mut Tx, question_digest: &str) -> Result<Option<KnownAnswer>, StoreError> {
    sql!(tx tx, opt AnswerRow,
        select_answer!("where question_digest = $1 and taken_back_at is null order by review_answer_id desc limit 1"),
        question_digest)?
    .map(AnswerRow::into_domain)
    .transpose()
}

/// The answer with this number.
pub async fn find_answer(db: &Db, answer_id: i64) -> Result<Option<KnownAnswer>, StoreError> {
    sql!(db, opt AnswerRow, select_answer!("where review_answer_id = $1"), answer_id)?
        .map(AnswerRow::into_domain)
        .transpose()
}

/// The answers that this act gave, by number: one for each site that it was given for.
pub async fn list_answers_of_act(db: &Db, audit_id: i64) -> Result<Vec<KnownAnswer>, StoreError> {
    sql!(db, all AnswerRow, select_answer!("where audit_entry_id = $1 order by review_answer_id"), audit_id)?
        .into_iter()
        .map(AnswerRow::into_domain)
        .collect()
}

/// The latest answer to this question that holds for everybody: not taken back, and given to the same fingerprint.
pub async fn find_answer_in_force(db: &Db, question: &Question) -> Result<Option<KnownAnswer>, StoreError> {
    sql!(db, opt AnswerRow,
        select_answer!("where question_digest = $1 and fingerprint_digest = $2 and taken_back_at is null \
            and site = '' and asset_id is null and for_later order by review_answer_id desc limit 1"),
        question.digest.as_str(), question.fingerprint.as_str())?
    .map(AnswerRow::into_domain)
    .transpose()
}

/// At most `limit` answers before `before` (all when it is `None`), the latest first, those taken back included; of
/// one answer word or of all.
pub async fn list_answers(
    db: &Db,
    answer: Option<Answer>,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<KnownAnswer>, StoreError> {
    list_answers_of(db, &SiteScope::All, answer, before, limit).await
}

/// As [`list_answers`], without those that are for other sites, or for assets of other sites, alone.
pub async fn list_answers_of(
    db: &Db,
    sites: &SiteScope,
    answer: Option<Answer>,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<KnownAnswer>, StoreError> {
    let rows: Vec<AnswerRow> = on!(db, c => {
        let mut query = sqlx::QueryBuilder::new(select_answer!("where review_answer_id < "));
        query.push_bind(before.unwrap_or(i64::MAX));
        if let Some(answer) = answer {
            query.push(" and answer = ").push_bind(answer.word());
        }
        query.push(for_sites(sites)).push(" order by review_answer_id desc limit ").push_bind(i64::from(limit));
        query.build_query_as().persistent(false).fetch_all(c).await
    })?;
    rows.into_iter().map(AnswerRow::into_domain).collect()
}

/// The condition that an answer is for all sites or for one of these. Ids are numbers; no site is numbered -1.
fn for_sites(sites: &SiteScope) -> String {
    let SiteScope::Only(sites) = sites else { return String::new() };
    let ids: Vec<String> = sites.iter().chain([&-1]).map(i64::to_string).collect();
    let ids = ids.join(", ");
    format!(
        " and ((site = '' and asset_id is null) or site in (select name from site where site_id in ({ids}) and name <> '') \
         or asset_id in (select a.asset_id from asset a where a.site_id in ({ids})))"
    )
}

/// All answers that were not taken back and that the matcher knows of or that put a question off, by number.
pub async fn list_answers_in_force(db: &Db) -> Result<Vec<KnownAnswer>, StoreError> {
    sql!(db, all AnswerRow, select_answer!("where taken_back_at is null order by review_answer_id"))?
        .into_iter()
        .map(AnswerRow::into_domain)
        .collect()
}

/// The number of answers that were not taken back; see [`list_answers_of`].
pub async fn count_answers(db: &Db, sites: &SiteScope) -> Result<u64, StoreError> {
    let question = format!("select count(*) from review_answer where taken_back_at is null{}", for_sites(sites));
    let n: i64 = on!(db, c => sqlx::query_scalar(sqlx::AssertSqlSafe(question)).fetch_one(c).await)?;
    Ok(read_count(n))
}

/// An answer that is about to be kept.
pub struct NewAnswer<'a> {
    pub question: &'a Question,
    pub answer: Answer,
    /// Blank for all sites.
    pub site: &'a str,
    pub asset_id: Option<i64>,
    pub for_later: bool,
    pub note: &'a str,
    pub who: &'a str,
    /// How the matcher is told; `None` when there is nothing to tell it.
    pub alias: Option<Alias>,
}

/// Keeps the answers of one act, one for each site, with their aliases and its audit entry, all or nothing; gives the
/// number of the act and of the last answer. Sites that somebody answered for meanwhile keep that answer.
///
/// # Errors
///
/// `Conflict` when somebody else answered the question for all of the same assets meanwhile, or no answer is given.
pub async fn save_answers(
    db: &Db,
    audit: &NewAudit,
    answers: &[NewAnswer<'_>],
    at: Timestamp,
) -> Result<(i64, i64), StoreError> {
    let mut tx = db.begin(Alone::Advisories).await?;
    let (mut free, mut told) = (Vec::new(), "nobody is asked".to_owned());
    for new in answers {
        match faster(&mut tx, new).await? {
            None => free.push(new),
            Some(faster) => told = faster,
        }
    }
    if free.is_empty() {
        return Err(StoreError::Conflict(told));
    }
    let audit_id = save_audit(&mut tx, audit, at).await?;
    let mut last = 0;
    for new in free {
        last = save_answer(&mut tx, new, audit_id, at).await?;
    }
    tx.commit().await?;
    Ok((audit_id, last))
}

/// Who has answered the question for the same assets, in words; `None` while nobody has.
async fn faster(tx: &mut Tx, new: &NewAnswer<'_>) -> Result<Option<String>, StoreError> {
    let q = new.question;
    let found = sql!(tx tx, opt(String, String, String),
        "select who, answer, answered_at from review_answer where question_digest = $1 and fingerprint_digest = $2 \
            and taken_back_at is null and site = $3 and coalesce(asset_id, 0) = $4 and for_later \
            and answer <> 'cannot_tell'",
        q.digest.as_str(), q.fingerprint.as_str(), clean(new.site).as_ref(), new.asset_id.unwrap_or(0))?;
    Ok(found.map(|(who, answer, answered_at)| {
        let label = Answer::from_word(&answer).map_or("", Answer::label);
        format!("{who} decided this at {answered_at}: {label}")
    }))
}

async fn save_answer(tx: &mut Tx, new: &NewAnswer<'_>, audit_id: i64, at: Timestamp) -> Result<i64, StoreError> {
    let q = new.question;
    let alias_id = match &new.alias {
        Some(alias) => Some(super::alias::save_alias(tx, alias, at).await?),
        None => None,
    };
    Ok(sql!(tx tx, val i64,
        "insert into review_answer (question_digest, kind, answer, vendor, model, part_number, product_vendor, product, \
            detail, ranges, fingerprint_digest, site, asset_id, for_later, note, effect, who, answered_at, \
            audit_entry_id, alias_entry_id) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, '', $16, $17, $18, $19) \
         returning review_answer_id",
        q.digest.as_str(), q.kind.word(), new.answer.word(), clean(&q.vendor).as_ref(), clean(&q.model).as_ref(),
        clean(&q.part_number).as_ref(), clean(&q.product_vendor).as_ref(), clean(&q.product).as_ref(),
        clean(&q.detail).as_ref(), json(&q.ranges), q.fingerprint.as_str(), clean(new.site).as_ref(),
        new.asset_id, new.for_later, clean(new.note).as_ref(), clean(new.who).as_ref(), time(at), audit_id, alias_id)?)
}

/// Notes what the answers of an act did, once their run is through.
pub async fn save_effect(db: &Db, audit_id: i64, effect: &str) -> Result<(), StoreError> {
    sql!(
        db,
        exec(),
        "update review_answer set effect = $2 where audit_entry_id = $1",
        audit_id,
        clean(effect).as_ref()
    )?;
    Ok(())
}

/// Takes the answers of an act back together with their aliases, as an act of its own; gives the number of that act.
///
/// # Errors
///
/// `Conflict` when it was taken back before.
pub async fn save_answers_taken_back(
    db: &Db,
    answers: &[KnownAnswer],
    audit: &NewAudit,
    at: Timestamp,
) -> Result<i64, StoreError> {
    let mut tx = db.begin(Alone::Advisories).await?;
    let audit_id = save_audit(&mut tx, audit, at).await?;
    for answer in answers {
        sql!(tx &mut tx, exec (),
            "update review_answer set taken_back_at = $2 where review_answer_id = $1 and taken_back_at is null",
            answer.answer_id, time(at))?;
        if let Some(alias_id) = answer.alias_id {
            sql!(tx &mut tx, exec (),
                "update alias_entry set removed_at = $2 where alias_entry_id = $1 and removed_at is null",
                alias_id, time(at))?;
        }
    }
    tx.commit().await?;
    Ok(audit_id)
}
